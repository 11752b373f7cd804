import { mix, Random as Uniform } from '../../data-samples/random.js';

/** Choices from a seed and a number: the same on every machine. */
export class Random {
  readonly #numbers: Uniform;

  constructor(seed: number, stream = 0) {
    this.#numbers = new Uniform(mix(seed, stream));
  }

  /** From 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor(this.#numbers.uniform() * bound);
  }

  /** From `least` to `most`. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** True once in `times`. */
  oneIn(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  list<T>(least: number, most: number, make: (index: number) => T): T[] {
    return Array.from({ length: this.between(least, most) }, (_, index) => make(index));
  }
}
