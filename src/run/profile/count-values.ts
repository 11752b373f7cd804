import { endianness } from 'node:os';
import type { CodedTexts } from '../../domain/coded-texts.js';

/** Numbers that can be read one by one without a BigInt for each. */
export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/** The values of a column in a block: row `r` is `data[r * stride + offset]`. */
export interface Values<Data> {
  readonly data: Data;
  readonly offset: number;
  readonly stride: number;
  readonly rows: number;
}

/** Cells of the grid that a number is looked up in. */
const CELLS = 256;

/**
 * Adds a block's numbers to counts by bin, as `binOf` has them; NaN to the last one. A grid says where to begin to look,
 * since stepping through the edges would cost several times as much.
 */
export function countNumbers(values: Values<Numbers>, edges: readonly number[], counts: number[]): void {
  const { data, offset, stride, rows } = values;
  const { start, low, scale } = gridOf(edges);
  const last = edges.length;
  let missing = 0;
  for (let row = 0, at = offset; row < rows; row++, at += stride) {
    const value = data[at]!;
    if (value !== value) {
      missing++;
      continue;
    }
    let cell = ((value - low) * scale) | 0;
    if (cell < 0) cell = 0;
    else if (cell > CELLS) cell = CELLS;
    let bin = start[cell]!;
    // Rounding, and numbers far outside, may have led to another cell.
    while (bin < last && value > edges[bin]!) bin++;
    while (bin > 0 && value <= edges[bin - 1]!) bin--;
    counts[bin]!++;
  }
  counts[last + 1]! += missing;
}

interface Grid {
  /** The bin that the least number of each cell is in. */
  readonly start: Uint8Array;
  readonly low: number;
  readonly scale: number;
}

const grids = new WeakMap<readonly number[], Grid>();

function gridOf(edges: readonly number[]): Grid {
  const known = grids.get(edges);
  if (known !== undefined) return known;
  const low = edges[0] ?? 0;
  const scale = CELLS / ((edges.at(-1) ?? 0) - low);
  const start = new Uint8Array(CELLS + 1);
  for (let cell = 1, bin = 0; cell <= CELLS; cell++) {
    while (bin < edges.length && low + cell / scale > edges[bin]!) bin++;
    start[cell] = bin;
  }
  const grid = { start, low, scale };
  grids.set(edges, grid);
  return grid;
}

/** Adds a block's texts to counts: a bin for each category, then one for all others; none is missing. */
export function countCategories(
  { data, offset, stride, rows }: Values<CodedTexts>,
  categories: readonly string[],
  counts: number[],
): void {
  const { texts, codes } = data;
  const bins = new Map(categories.map((category, bin) => [category, bin]));
  const binOfCode = Int32Array.from(texts, (text) => bins.get(text) ?? categories.length);
  for (let row = 0, at = offset; row < rows; row++, at += stride) counts[binOfCode[codes[at]!]!]!++;
}

/** A column as numbers; 64-bit integers are rounded to doubles. */
export function numbersOf(data: Numbers | BigInt64Array): Numbers {
  if (!(data instanceof BigInt64Array)) return data;
  const words = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
  const [low, high] = endianness() === 'LE' ? [0, 1] : [1, 0];
  const numbers = new Float64Array(data.length);
  for (let at = 0; at < numbers.length; at++)
    numbers[at] = words[2 * at + high]! * 2 ** 32 + (words[2 * at + low]! >>> 0);
  return numbers;
}
