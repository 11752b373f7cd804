import fc from 'fast-check';
import { snappyUncompress } from 'hyparquet';
import { expect, test } from 'vitest';
import { snappyCompress } from '../../src/files/snappy.js';

const chunk = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 9_000 }))
    .map(([pattern, times]) =>
      Uint8Array.from({ length: pattern.length * times }, (_, i) => pattern[i % pattern.length]!),
    ),
);
const inputs = fc.array(chunk, { maxLength: 8 }).map((chunks) => new Uint8Array(Buffer.concat(chunks)));

test('another implementation gets back what was compressed', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const output = new Uint8Array(input.length);
      snappyUncompress(snappyCompress(input), output);
      expect(Buffer.compare(output, input)).toBe(0);
    }),
  );
});

test('repetition shrinks, noise grows by a few bytes only', () => {
  const ids = Buffer.from(Array.from({ length: 5_000 }, (_, i) => `C${String(i).padStart(8, '0')}`).join());
  expect(snappyCompress(ids).length).toBeLessThan(ids.length / 2);
  let state = 1;
  const noise = Uint8Array.from(
    { length: 100_000 },
    () => (state = Math.imul(state, 1103515245) + 12345) >>> 24,
  );
  expect(snappyCompress(noise).length).toBeLessThan(noise.length + 100);
});
