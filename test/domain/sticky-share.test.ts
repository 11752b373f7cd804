import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyColumn } from '../../src/domain/columns.js';
import { murmur3 } from '../../src/domain/murmur3.js';
import { keyPositions } from '../../src/domain/sticky-share.js';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const hashOf = (text: string) => murmur3(bytesOf(text), bytesOf(text).length);

function textKeys(texts: readonly string[]): KeyColumn {
  const encoded = texts.map(bytesOf);
  const offsets = new Int32Array(texts.length + 1);
  encoded.forEach((bytes, row) => (offsets[row + 1] = offsets[row]! + bytes.length));
  return { type: 'text', offsets, bytes: Buffer.concat(encoded) };
}

function int8Keys(values: readonly bigint[]): KeyColumn {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, row) => bytes.writeBigInt64BE(value, 8 * row));
  return {
    type: 'int8',
    offsets: Int32Array.from({ length: values.length + 1 }, (_, row) => 8 * row),
    bytes,
  };
}

describe('MurmurHash3', () => {
  // Published test vectors of MurmurHash3_x86_32 with seed 0.
  it.each([
    ['', 0],
    ['a', 0x3c2569b2],
    ['test', 0xba6bd213],
    ['abc', 0xb3dd93fa],
    ['Hello, world!', 0xc0363e43],
    ['The quick brown fox jumps over the lazy dog', 0x2e4ff723],
  ])('gives what others give for %j', (text, expected) => {
    expect(hashOf(text)).toBe(expected);
  });
});

describe('positions of keys', () => {
  it('stay what they are: lists of keys were made by them', () => {
    const positions = keyPositions('churn');
    const keys = [textKeys(['C00001', 'C00002', 'ключ'])];
    expect([0, 1, 2].map((row) => positions.of(keys, row) * 2 ** 32)).toMatchInlineSnapshot(`
      [
        2881010320,
        858461372,
        3888594687,
      ]
    `);
  });

  it('are those of the text, whichever type the key has', () => {
    fc.assert(
      fc.property(
        fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1 }),
        (ids) => {
          const positions = keyPositions('churn');
          const [numbers, texts] = [[int8Keys(ids)], [textKeys(ids.map(String))]];
          ids.forEach((_, row) => expect(positions.of(numbers, row)).toBe(positions.of(texts, row)));
        },
      ),
    );
  });

  it('depend on the model, on every column, and on where one ends', () => {
    const at = (model: string, ...columns: string[]) =>
      keyPositions(model).of(
        columns.map((text) => textKeys([text])),
        0,
      );
    const all = [at('churn', 'a', 'bc'), at('churn', 'ab', 'c'), at('other', 'a', 'bc'), at('churn', 'abc')];
    expect(new Set(all).size).toBe(all.length);
  });

  it('hold for a key longer than the room it is put together in', () => {
    const long = 'k'.repeat(5000);
    const positions = keyPositions('churn');
    const before = positions.of([textKeys(['short'])], 0);
    expect(positions.of([textKeys([long])], 0) * 2 ** 32).toBe(hashOf(`churn\0${long}`));
    expect(positions.of([textKeys(['short'])], 0)).toBe(before);
  });

  it.each([0.05, 0.25, 0.5])(
    'put about %d of the keys in the share, and those in every larger one',
    (share) => {
      const count = 100_000;
      const positions = keyPositions('churn');
      const keys = [textKeys(Array.from({ length: count }, (_, row) => `C${String(row).padStart(6, '0')}`))];
      let inside = 0;
      for (let row = 0; row < count; row++) if (positions.of(keys, row) < share) inside++;
      // Five standard deviations.
      expect(Math.abs(inside / count - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / count));
    },
  );
});
