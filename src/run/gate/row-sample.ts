const MOST_ROWS = 100_000;
/** About how many numbers a sample may hold: 64 MB of them. */
const MOST_VALUES = 2 ** 23;
const FEWEST_ROWS = 1_000;

/** Rows drawn evenly from all that were offered: every one of them up to the sample's size. */
export interface RowSample {
  /** Offers the next `rows` rows; `valueOf` gives a column's value in one of them, from 0. */
  offer(rows: number, valueOf: (column: number, row: number) => number): void;
  /** How many rows are in the sample. */
  readonly size: number;
  /** A column's values in the sample's rows. */
  column(index: number): Float64Array;
}

/**
 * A sample of at most 100,000 rows, fewer where there are many columns, whatever the number of rows offered: so memory
 * does not grow with the input. With a fixed seed: the same rows in the same order give the same sample.
 */
export function startRowSample(columns: number): RowSample {
  const capacity = Math.max(FEWEST_ROWS, Math.min(MOST_ROWS, Math.floor(MOST_VALUES / Math.max(1, columns))));
  const values = Array.from({ length: columns }, () => new GrowingColumn(capacity));
  const random = randomNumbers(0x9e3779b9);
  let seen = 0;

  return {
    offer(rows, valueOf) {
      for (let row = 0; row < rows; row++) {
        // Algorithm R: the n-th row takes a place in the sample with probability capacity / n.
        const place = seen < capacity ? seen : Math.floor(random() * (seen + 1));
        seen++;
        if (place >= capacity) continue;
        for (let column = 0; column < columns; column++) values[column]!.set(place, valueOf(column, row));
      }
    },
    get size() {
      return Math.min(seen, capacity);
    },
    column: (index) => values[index]!.read(Math.min(seen, capacity)),
  };
}

/** Doubles as it fills, so that a small input takes little. */
class GrowingColumn {
  #values = new Float64Array(1024);
  constructor(readonly capacity: number) {}

  set(place: number, value: number): void {
    if (place >= this.#values.length) {
      const larger = new Float64Array(Math.min(this.capacity, 2 * this.#values.length));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[place] = value;
  }

  read(size: number): Float64Array {
    return this.#values.subarray(0, size);
  }
}

/** Mulberry32: numbers in [0, 1), 32 bits each, the same ones for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
