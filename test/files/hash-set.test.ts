import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HashSet } from '../../src/files/hash-set.js';

test('knows which hashes it has, however many and however alike', () => {
  // Few low halves, so that many hashes look for the same slot, and halves of zero.
  const hash = fc.tuple(fc.constantFrom(0, 1, 16, 0xffffffff), fc.nat(40));
  fc.assert(
    fc.property(fc.nat(50), fc.array(hash, { maxLength: 300 }), (size, hashes) => {
      const set = new HashSet(size);
      const model = new Set<string>();
      for (let round = 0; round < 2; round++) {
        for (const [low, high] of hashes) {
          expect(set.add(low, high)).toBe(model.has(`${low} ${high}`));
          model.add(`${low} ${high}`);
        }
        set.clear();
        model.clear();
      }
    }),
  );
});

test('knows the hash of zeros, and more hashes than it was made for', () => {
  const set = new HashSet(0);
  expect([set.add(0, 0), set.add(0, 0)]).toEqual([false, true]);
  for (const known of [false, true]) {
    for (let hash = 1; hash <= 1000; hash++) expect(set.add(hash, 0)).toBe(known);
  }
  set.clear();
  expect([set.add(0, 0), set.add(1, 0)]).toEqual([false, false]);
});
