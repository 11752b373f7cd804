import type { Random } from './random.js';

const ODD: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    -0,
    -1,
    1.5,
    1e308,
    NaN,
    Infinity,
    2 ** 53,
    '',
    ' ',
    '~',
    'null',
    '0x10',
    '1e999',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    '../../etc/passwd',
    '/',
    '.',
    '..',
    'a\0b',
    'a\nb',
    '\u202egnp.exe',
  ],
  ...[
    '${',
    '${}',
    '${X',
    '${X:-}',
    '${URL}',
    '{date}{date}',
    '{',
    ':date',
    '%',
    '99999%',
    '-1 days',
    '60 * * * *',
  ],
  ...[
    '* * * * * * *',
    '0 0 31 2 *',
    'Europe/Nowhere',
    'é'.repeat(300),
    'x'.repeat(70),
    '😀',
    '\ud800',
    [],
    {},
  ],
  ...[[[[]]], [null], { a: { b: { c: {} } } }, ['a', 'a'], new Date(0), { then: 'nan' }, { tokens: 1 }],
];

function oddValue(random: Random): unknown {
  const one = () => structuredClone(random.pick(ODD));
  return random.oneIn(6) ? random.list(0, 3, one) : one();
}

/** A copy with one to four things in it changed, removed, renamed or put elsewhere. */
export function mutated(random: Random, from: object): unknown {
  let copy = structuredClone(from) as Record<string, unknown>;
  for (let left = random.between(1, 4); left > 0; left--) {
    let at = copy;
    for (;;) {
      const keys = Object.keys(at);
      if (keys.length === 0) break;
      const key = random.pick(keys);
      const value = at[key];
      if (typeof value === 'object' && value !== null && !random.oneIn(3)) {
        at = value as Record<string, unknown>;
        continue;
      }
      const how = random.below(5);
      if (how === 0) Reflect.deleteProperty(at, key);
      else if (how === 1) {
        const name = random.pick(['__proto__', 'constructor', `${key}s`, '', '0', 'é', 'a.b']);
        // As a file can have it; an assignment would change what the object is.
        Object.defineProperty(at, name, { value, enumerable: true, writable: true, configurable: true });
      } else if (how === 2) at[key] = structuredClone(from);
      else at[key] = oddValue(random);
      break;
    }
    if (random.oneIn(60)) copy = oddValue(random) as Record<string, unknown>;
    if (typeof copy !== 'object' || (copy as unknown) === null) return copy;
  }
  return copy;
}

/** A copy of bytes as a bad disk, a broken download or an editor leaves it: cut short, flipped, a piece lost or repeated. */
export function damagedBytes(random: Random, whole: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.from(whole);
  const at = random.below(bytes.length);
  switch (random.below(4)) {
    case 0:
      return new Uint8Array(bytes.subarray(0, at));
    case 1:
      for (let left = random.between(1, 4); left > 0; left--)
        bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
      break;
    case 2:
      return new Uint8Array(
        Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.between(1, 40))]),
      );
    default:
      bytes.copyWithin(at, random.below(bytes.length));
  }
  return new Uint8Array(bytes);
}
