import { endianness } from 'node:os';
import { CodedTexts } from '../../domain/coded-texts.js';
import type { FeatureData } from '../../domain/columns.js';
import type { Bins } from '../../domain/profile.js';
import { binOf } from './population-shift.js';

/** Numbers that can be read one by one without a BigInt for each. */
export type Numbers = Float32Array | Float64Array | Int32Array | Uint8Array;

/** The values of a column in a block: row `r` is `data[r * stride + offset]`. */
export interface Values<Data> {
  readonly data: Data;
  readonly offset: number;
  readonly stride: number;
  readonly rows: number;
}

/** Adds the rows of a block to counts by bin. */
export function countValues(values: Values<FeatureData>, bins: Bins, counts: number[]): void {
  const { data } = values;
  if (bins.kind === 'categories') {
    if (data instanceof CodedTexts) countCategories({ ...values, data }, bins.categories, counts);
  } else if (data instanceof BigInt64Array) countIntegers({ ...values, data }, bins.edges, counts);
  else if (!(data instanceof CodedTexts)) countNumbers({ ...values, data }, bins.edges, counts);
}

/** Whole numbers from a little below the lowest edge on that are counted one by one. */
const WHOLES = 1024;
/** Equal parts of the range of the edges, and a quarter more, for all other numbers. */
const CELLS = 1024;

/**
 * Adds a block's numbers to counts by bin, as `binOf` has them; NaN to the last one. Stepping through the edges for each
 * number would cost ten times as much, since no processor foresees how far: so numbers are counted in finer parts first,
 * and only those in a part that an edge divides are looked at one by one.
 */
export function countNumbers(values: Values<Numbers>, edges: readonly number[], counts: number[]): void {
  const { data, offset, stride, rows } = values;
  const { base, low, scale, divided } = gridOf(edges);
  const wholes = new Uint32Array(WHOLES);
  const cells = new Uint32Array(CELLS);
  const missing = edges.length + 1;
  for (let row = 0, at = offset; row < rows; row++, at += stride) {
    const value = data[at]!;
    const whole = value | 0;
    if (whole === value) {
      const place = whole - base;
      if (place >= 0 && place < WHOLES) {
        wholes[place]!++;
        continue;
      }
    } else {
      const cell = (value - low) * scale;
      if (cell >= 0 && cell < CELLS && divided[cell | 0] === 0) {
        cells[cell | 0]!++;
        continue;
      }
    }
    counts[value === value ? binOf(value, edges) : missing]!++;
  }
  addWholes(wholes, base, edges, counts);
  for (let cell = 0; cell < CELLS; cell++)
    if (cells[cell]! > 0) counts[binOf(low + (cell + 0.5) / scale, edges)]! += cells[cell]!;
}

/** The same of 64-bit integers, without a BigInt for each; those that no double has are rounded. */
export function countIntegers(
  values: Values<BigInt64Array>,
  edges: readonly number[],
  counts: number[],
): void {
  const { data, offset, stride, rows } = values;
  const { base } = gridOf(edges);
  const wholes = new Uint32Array(WHOLES);
  const words = new Int32Array(data.buffer, data.byteOffset, data.length * 2);
  for (let row = 0, at = 2 * offset; row < rows; row++, at += 2 * stride) {
    const low = words[at + LOW]!;
    const high = words[at + HIGH]!;
    const place = low - base;
    if (high === low >> 31 && place >= 0 && place < WHOLES) wholes[place]!++;
    else counts[binOf(high * 2 ** 32 + (low >>> 0), edges)]!++;
  }
  addWholes(wholes, base, edges, counts);
}

const [LOW, HIGH] = endianness() === 'LE' ? ([0, 1] as const) : ([1, 0] as const);

function addWholes(wholes: Uint32Array, base: number, edges: readonly number[], counts: number[]): void {
  for (let place = 0; place < WHOLES; place++)
    if (wholes[place]! > 0) counts[binOf(base + place, edges)]! += wholes[place]!;
}

interface Grid {
  /** The first whole number that is counted by itself. */
  readonly base: number;
  /** Where the first cell begins, and cells for each unit. */
  readonly low: number;
  readonly scale: number;
  /** 1 for cells that an edge divides, or is next to: rounding must not matter. */
  readonly divided: Uint8Array;
}

const grids = new WeakMap<readonly number[], Grid>();

function gridOf(edges: readonly number[]): Grid {
  const known = grids.get(edges);
  if (known !== undefined) return known;
  const [first, last] = [edges[0] ?? 0, edges.at(-1) ?? 0];
  const range = last - first;
  const low = first - range / 8;
  const scale = CELLS / (range * 1.25);
  const divided = new Uint8Array(CELLS);
  const sound = Number.isFinite(low) && Number.isFinite(scale) && low + 1 / scale > low;
  if (!sound) divided.fill(1);
  for (const edge of edges) {
    const cell = Math.floor((edge - low) * scale);
    divided.fill(1, Math.max(0, cell - 1), Math.max(0, cell + 2));
  }
  const base = Number.isSafeInteger(Math.floor(first)) ? Math.floor(first) - WHOLES / 16 : 0;
  const grid = { base, low, scale, divided };
  grids.set(edges, grid);
  return grid;
}

/** Adds a block's texts to counts: a bin for each category, then one for all others; none is missing. */
function countCategories(
  { data, offset, stride, rows }: Values<CodedTexts>,
  categories: readonly string[],
  counts: number[],
): void {
  const { texts, codes } = data;
  const byCode = new Uint32Array(texts.length);
  for (let row = 0, at = offset; row < rows; row++, at += stride) byCode[codes[at]!]!++;
  const bins = new Map(categories.map((category, bin) => [category, bin]));
  for (let code = 0; code < byCode.length; code++)
    if (byCode[code]! > 0) counts[bins.get(texts[code]!) ?? categories.length]! += byCode[code]!;
}

/** A column as numbers; 64-bit integers are rounded to doubles. */
export function numbersOf(data: Numbers | BigInt64Array): Numbers {
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : data;
}
