import { Random } from '../../data-samples/random.js';

/** Numbers in [0, 1) from a seed. */
export function randomNumbers(seed: number): () => number {
  const random = new Random(seed);
  return () => random.uniform();
}

/** The same elements in another order. */
export function shuffled<T>(elements: readonly T[], random: () => number): T[] {
  return elements
    .map((element) => ({ element, place: random() }))
    .sort((one, other) => one.place - other.place)
    .map(({ element }) => element);
}
