import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KeyColumn, KeyType } from '../../src/domain/columns.js';
import { hashKeys } from '../../src/domain/key-hash.js';
import { keyColumn } from '../contracts/scored-rows.js';

const ids = Array.from({ length: 300_000 }, (_, id) => id);

describe('hashes of different keys differ', () => {
  const families: [string, KeyType, (id: number) => string][] = [
    ['decimal texts', 'text', (id) => String(id)],
    ['padded texts', 'text', (id) => `CUST-${String(id).padStart(10, '0')}`],
    ['texts with the number in front', 'text', (id) => `${id}-of-the-same-length-after-it`],
    ['hexadecimal texts', 'text', (id) => (id * 0x1000).toString(16)],
    ['int4', 'int4', (id) => String(id)],
    ['int8', 'int8', (id) => String(id)],
    ['int8 in the upper half', 'int8', (id) => String(BigInt(id) << 32n)],
    ['dates and times', 'timestamptz', (id) => `2026-11-20T00:00:00.${String(id).padStart(6, '0')}Z`],
  ];
  test.each(families)('%s in sequence', (_, type, text) => {
    expectDistinct([keyColumn(type, ids.map(text))]);
  });

  test('pairs of small numbers', () => {
    const first = keyColumn(
      'int4',
      ids.map((id) => String(id % 500)),
    );
    const second = keyColumn(
      'int4',
      ids.map((id) => String(Math.floor(id / 500))),
    );
    expectDistinct([first, second]);
  });

  test('the same bytes divided differently between columns', () => {
    const first = keyColumn('text', ['', 'a', 'ab', 'abc', 'abcd', 'abcde']);
    const second = keyColumn('text', ['abcde', 'bcde', 'cde', 'de', 'e', '']);
    expectDistinct([first, second]);
  });

  test('bytes that differ by trailing zeros', () => {
    const bytes = new Uint8Array(55);
    const offsets = Int32Array.from({ length: 11 }, (_, n) => (n * (n - 1)) / 2 + n);
    offsets[0] = 0;
    expectDistinct([{ type: 'text', offsets, bytes }]);
  });
});

test('every bit of a hash is set in about half of the sequential keys', () => {
  const counts = new Array<number>(64).fill(0);
  for (const hash of hashKeys([keyColumn('int8', ids.slice(0, 20_000).map(String))], 20_000)) {
    for (let bit = 0; bit < 64; bit++) counts[bit]! += Number((hash >> BigInt(bit)) & 1n);
  }
  for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(600);
});

test('equal keys have equal hashes wherever their bytes are', () => {
  const key = fc.tuple(fc.string({ unit: 'binary', maxLength: 20 }), fc.string({ maxLength: 9 }));
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 20 }), fc.nat(20), (keys, at) => {
      const [a, b] = keys[at % keys.length]!;
      const alone = hashKeys([keyColumn('text', [a]), keyColumn('text', [b])], 1)[0];
      const among = hashKeys(
        [
          keyColumn(
            'text',
            keys.map(([text]) => text),
          ),
          keyColumn(
            'text',
            keys.map(([, text]) => text),
          ),
        ],
        keys.length,
      )[at % keys.length];
      expect(among).toBe(alone);
    }),
  );
});

function expectDistinct(keys: readonly KeyColumn[]): void {
  const rows = keys[0]!.offsets.length - 1;
  expect(new Set(hashKeys(keys, rows)).size).toBe(rows);
}
