/** Repeatable chance: the same numbers from the same seed, on every machine. */

export type Weighted<T> = readonly (readonly [item: T, weight: number])[];

/** Spreads two integers over 32 bits, so that neighbouring slots and days have nothing in common. */
export function mix(left: number, right: number): number {
  let hash = Math.imul(left ^ Math.imul(right, 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) | 0;
}

/** mulberry32: small, fast, and the same on every machine. */
export class Random {
  constructor(private state: number) {}

  uniform(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let bits = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 4_294_967_296;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Bell-shaped, mean 0 and variance 1, from additions only: no library rounding can change it. */
  bell(): number {
    return (this.uniform() + this.uniform() + this.uniform() - 1.5) * 2;
  }

  pick<T>(items: readonly T[]): T {
    return at(items, Math.floor(this.uniform() * items.length));
  }

  frequentFirst<T>(items: readonly T[]): T {
    const draw = this.uniform();
    return at(items, Math.floor(draw * draw * items.length));
  }

  weighted<T>(items: Weighted<T>): T {
    let remaining = this.uniform();
    for (const [item, weight] of items) {
      remaining -= weight;
      if (remaining < 0) return item;
    }
    return at(items, items.length - 1)[0];
  }
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index} in a list of ${items.length}`);
  return item;
}
