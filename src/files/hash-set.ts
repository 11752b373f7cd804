/** Sixteenths of the slots that may be taken before there are twice as many. */
const FULLEST = 12;

/**
 * A set of 64-bit hashes, each as two halves, in one piece of memory: 10 to 24 bytes for each. They are looked
 * for by their low bits, so that the top ones may be the same in all of them.
 */
export class HashSet {
  /** Two words a slot; both are 0 where it is free. */
  #slots: Uint32Array;
  #taken = 0;
  #hasZero = false;

  /** With room for `size` hashes, more if it must be. */
  constructor(size: number) {
    this.#slots = new Uint32Array(2 * slotsFor(size));
  }

  /** Adds a hash; returns whether it was in it already. */
  add(low: number, high: number): boolean {
    if (low === 0 && high === 0) {
      const had = this.#hasZero;
      this.#hasZero = true;
      return had;
    }
    const slots = this.#slots;
    const mask = slots.length - 2;
    for (let at = (low << 1) & mask; ; at = (at + 2) & mask) {
      const first = slots[at]!;
      const second = slots[at + 1]!;
      if (first === low && second === high) return true;
      if (first !== 0 || second !== 0) continue;
      slots[at] = low;
      slots[at + 1] = high;
      if (++this.#taken * 32 > slots.length * FULLEST) this.#grow();
      return false;
    }
  }

  clear(): void {
    this.#slots.fill(0);
    this.#taken = 0;
    this.#hasZero = false;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    this.#taken = 0;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] !== 0 || old[at + 1] !== 0) this.add(old[at]!, old[at + 1]!);
    }
  }
}

/** A power of two, of which the hashes take two thirds at most. */
function slotsFor(size: number): number {
  return 1 << Math.max(4, Math.ceil(Math.log2(size * 1.5)));
}
