import type { FeatureType, MissingPolicy, RejectCode } from '../../src/domain/columns.js';
import type { Random } from './random.js';

/** A type of the server: what it can feed, and values of it as SQL takes them in. */
export interface ServerType {
  readonly name: string;
  readonly feeds: readonly FeatureType[];
  readonly isKey: boolean;
  readonly value: (random: Random) => string;
}

const NUMBERS: readonly FeatureType[] = ['float32', 'float64', 'int32', 'int64'];

/** Every type that predawn reads. */
export const SERVER_TYPES: readonly ServerType[] = [
  { name: 'bool', feeds: ['bool', ...NUMBERS], isKey: false, value: (random) => random.pick(['t', 'f']) },
  { name: 'int2', feeds: [...NUMBERS, 'string'], isKey: true, value: (random) => integer(random, 16) },
  { name: 'int4', feeds: [...NUMBERS, 'string'], isKey: true, value: (random) => integer(random, 32) },
  { name: 'int8', feeds: [...NUMBERS, 'string'], isKey: true, value: (random) => integer(random, 64) },
  { name: 'float4', feeds: NUMBERS, isKey: false, value: single },
  { name: 'float8', feeds: NUMBERS, isKey: false, value: double },
  { name: 'numeric', feeds: NUMBERS, isKey: false, value: decimal },
  { name: 'text', feeds: ['string'], isKey: true, value: text },
  {
    name: 'varchar(9)',
    feeds: ['string'],
    isKey: true,
    value: (random) => cut(text(random), 9),
  },
  {
    name: 'char(6)',
    feeds: ['string'],
    isKey: true,
    value: (random) => cut(text(random), 6),
  },
  { name: '"char"', feeds: ['string'], isKey: true, value: (random) => random.pick(['a', 'b', 'Z', '7']) },
  { name: 'uuid', feeds: ['string'], isKey: true, value: uuid },
  { name: 'date', feeds: [], isKey: true, value: (random) => time(random, day(random)) },
  { name: 'timestamp', feeds: [], isKey: true, value: (random) => time(random, moment(random)) },
  { name: 'timestamptz', feeds: [], isKey: true, value: (random) => time(random, `${moment(random)}+00`) },
];

function integer(random: Random, bits: number): string {
  const wide = bits === 64 || random.oneIn(2) ? bits : 8;
  const value = BigInt.asIntN(wide, bits64(random));
  const [least, most] = [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n];
  // Where floats begin to leave integers out, and where an int32 ends.
  const edges = [
    least,
    most,
    0n,
    1n << 24n,
    (1n << 24n) + 1n,
    (1n << 53n) + 1n,
    1n << 31n,
    -(1n << 31n) - 1n,
  ];
  const chosen = random.oneIn(4) ? random.pick(edges) : value;
  return String(chosen < least || chosen > most ? value : chosen);
}

const bits64 = (random: Random): bigint =>
  (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32));

const SPECIAL = ['NaN', 'Infinity', '-Infinity', '0', '-0', '0.5', '2147483648', '-9223372036854775808'];

function double(random: Random): string {
  if (random.oneIn(5))
    return random.pick([...SPECIAL, '5e-324', '1.7976931348623157e308', '3.5e38', '1e-46']);
  if (random.oneIn(2)) return String(random.between(-1000, 1000));
  return String(new Float64Array(BigUint64Array.of(bits64(random)).buffer)[0]!);
}

function single(random: Random): string {
  if (random.oneIn(5)) return random.pick([...SPECIAL, '1e-45', '3.4028235e38', '16777216']);
  if (random.oneIn(2)) return String(random.between(-1000, 1000));
  return String(new Float32Array(Uint32Array.of(random.below(2 ** 32)).buffer)[0]!);
}

function decimal(random: Random): string {
  if (random.oneIn(8)) return random.pick([...SPECIAL, '1e309', '1e-400', '16777217', '9007199254740993.0']);
  const digits = (most: number) => random.list(0, most, () => random.below(10)).join('');
  const most = random.pick([3, 8, 40]);
  const fraction = random.oneIn(3) ? `.${'0'.repeat(random.below(6))}${digits(most)}` : '';
  const exponent = random.oneIn(10) ? `e${random.between(-320, 310)}` : '';
  return `${random.pick(['', '-'])}0${digits(most)}${fraction}${exponent}`;
}

const PIECES = ['a', 'b', '7', ' ', '', 'é', '東', '😀', '"', ',', '\n', '\\', 'NULL', '\u{feff}', '\x7f'];

function text(random: Random): string {
  return random.list(0, random.oneIn(20) ? 200 : 4, () => random.pick(PIECES)).join('');
}

/** Its first code points, which is what the server counts. */
function cut(long: string, most: number): string {
  return Array.from(long).slice(0, most).join('');
}

function uuid(random: Random): string {
  const hex = Array.from({ length: 32 }, () => random.below(16).toString(16)).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const padded = (value: number, width: number) => String(value).padStart(width, '0');
const time = (random: Random, value: string) =>
  random.oneIn(12) ? random.pick(['infinity', '-infinity']) : value;

function day(random: Random): string {
  const year = random.oneIn(2) ? random.between(1990, 2030) : random.between(1, 9999);
  return `${padded(year, 4)}-${padded(random.between(1, 12), 2)}-${padded(random.between(1, 28), 2)}`;
}

function moment(random: Random): string {
  const clock = [random.below(24), random.below(60), random.below(60)]
    .map((part) => padded(part, 2))
    .join(':');
  return `${day(random)} ${clock}${random.oneIn(2) ? `.${padded(random.below(1_000_000), 6)}` : ''}`;
}

/** Of these only, tokens are looked for. */
const TEXTS = new Set(['text', 'varchar(9)', 'char(6)', '"char"']);

/** What pg makes of a field. */
export type Parsed = string | number | boolean | null;

/** What a field should become: an element of a tensor, or the reason why its row can't be scored. */
export type Settled =
  { readonly value: unknown; readonly isInexact: boolean } | { readonly fault: RejectCode };

/** Says so from what `pg` makes of the field, without a look at bytes. */
export function settle(server: string, given: Parsed, type: FeatureType, missing: MissingPolicy): Settled {
  const isToken = TEXTS.has(server) && missing.tokens.includes(String(given));
  const isMissing = given === null || isToken || (type !== 'string' && String(given) === 'NaN');
  if (isMissing)
    return missing.then === 'reject'
      ? { fault: 'missing' }
      : { value: replaced(missing, type), isInexact: false };
  if (type === 'string') return { value: String(given), isInexact: false };
  if (type === 'bool') return { value: Number(given), isInexact: false };
  return type.startsWith('int') ? asInteger(server, given, type) : asFloat(server, given, type);
}

function replaced(missing: MissingPolicy, type: FeatureType): unknown {
  if (missing.then === 'nan') return NaN;
  const { value } = missing as Extract<MissingPolicy, { then: 'fill' }>;
  if (type === 'string') return value;
  return type === 'int64' ? BigInt(Number(value)) : Number(value);
}

function asFloat(server: string, given: Parsed, type: FeatureType): Settled {
  const value = numberOf(server, given);
  const held = type === 'float32' ? Math.fround(value) : value;
  if (!Number.isFinite(held)) return { fault: 'not_finite' };
  return { value: held, isInexact: isInexact(server, given, value, held) };
}

/** As documented: an integer of the source that the input can't hold; a float8 is one up to 2^53 only. */
function isInexact(server: string, given: Parsed, value: number, held: number): boolean {
  if (server.startsWith('float'))
    return Number.isInteger(value) && Math.abs(value) <= 2 ** 53 && held !== value;
  const digits = String(given);
  return /^-?\d+$/.test(digits) && BigInt(digits) !== BigInt(held);
}

function asInteger(server: string, given: Parsed, type: FeatureType): Settled {
  const whole = wholeOf(server, given);
  if (typeof whole === 'string') return { fault: whole };
  if (BigInt.asIntN(type === 'int64' ? 64 : 32, whole) !== whole) return { fault: 'out_of_range' };
  return { value: type === 'int64' ? whole : Number(whole), isInexact: false };
}

function wholeOf(server: string, given: Parsed): bigint | 'not_finite' | 'not_an_integer' {
  const value = numberOf(server, given);
  if (server === 'numeric') {
    const digits = /^(-?\d+)(?:\.0*)?$/.exec(String(given))?.[1];
    if (digits !== undefined) return BigInt(digits);
    return String(given).endsWith('Infinity') ? 'not_finite' : 'not_an_integer';
  }
  if (typeof given === 'string') return BigInt(given);
  if (!Number.isFinite(value)) return 'not_finite';
  return Number.isInteger(value) ? BigInt(value) : 'not_an_integer';
}

/** pg gives int8 and numeric as text, and the shortest text of a float4 as if it were a float8. */
function numberOf(server: string, given: Parsed): number {
  const value = Number(given);
  // Where a numeric is too small for a double, its sign goes too.
  return server === 'float4' ? Math.fround(value) : server === 'numeric' ? value + 0 : value;
}
