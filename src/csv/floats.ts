import type { FeatureData } from '../domain/columns.js';
import { placeNumbers } from '../kernel/memory.js';
import { parseDecimal, readDecimals } from './decimal.js';
import type { FaultNotes } from './faults.js';
import { replacement } from './missing.js';
import { fieldContent } from './records.js';
import type { Records } from './records.js';
import { eachOdd, trimmedText } from './slot-reader.js';
import type { SlotContext, SlotReader } from './slot-reader.js';

const INFINITE = /^[+-]?inf(inity)?$/i;
const INTEGER = /^[+-]?\d+$/;
/** From here on, a double does not hold every integer. */
const MANY_DIGITS = 2 ** 53;

/** Reads a column into a float32 or float64 tensor. */
export function floatReader(context: SlotContext, scratch: (rows: number) => Float64Array): SlotReader {
  const { slot, width, tokens } = context;
  const { column, sourceIndex, offset } = slot;
  const single = slot.type === 'float32';
  const missing = replacement(slot);
  const fill = missing === undefined ? NaN : Number(missing);
  const tokenNumbers = tokens.numbers.map((number) => (single ? Math.fround(number) : number));

  function read(records: Records, tensor: FeatureData, faults: FaultNotes): void {
    const out = tensor as Float32Array | Float64Array;
    if (records.kernel !== undefined) {
      const { values, odd } = records.kernel.numbers(slot.type as 'float32' | 'float64', sourceIndex);
      placeNumbers(values as Float32Array | Float64Array, out, offset, width);
      const look = (row: number) => (out[row * width + offset] = settle(records, row, NaN, faults));
      eachOdd(values as Float32Array, odd, tokenNumbers, look);
      return;
    }
    const values = scratch(records.rows);
    readDecimals(records, sourceIndex, values);
    for (let row = 0, to = offset; row < records.rows; row++, to += width) {
      out[to] = settle(records, row, values[row]!, faults);
    }
  }

  /** What a row's tensor element is; `value` is its number, if it is no missing token, or NaN where it is not known. */
  function settle(records: Records, row: number, value: number, faults: FaultNotes): number {
    let exact = value;
    if (value !== value || tokenNumbers.length > 0) {
      const [start, end] = fieldContent(records, row, sourceIndex);
      if (tokens.match(records.bytes, start, end)) {
        if (missing === undefined) faults.add(row, 'missing', column);
        return fill;
      }
      if (value !== value) exact = secondLook(records.bytes, start, end, row, faults);
    }
    const held = single ? Math.fround(exact) : exact;
    if (held !== exact || exact >= MANY_DIGITS || exact <= -MANY_DIGITS) {
      if (held - held !== 0) faults.add(row, 'not_finite', column);
      else if (Math.floor(exact) === exact && isInexact(records, row, held)) faults.addInexactInteger(row);
    }
    return held;
  }

  /** For texts other than short plain decimals. A fault that is added here comes before `not_finite`. */
  function secondLook(bytes: Buffer, start: number, end: number, row: number, faults: FaultNotes): number {
    const text = trimmedText(bytes, start, end);
    const value = parseDecimal(text);
    if (value !== undefined) return value;
    faults.add(row, INFINITE.test(text) ? 'not_finite' : 'not_a_number', column);
    return 0;
  }

  /** Whether the row's text is an integer other than `held`. */
  function isInexact(records: Records, row: number, held: number): boolean {
    const [start, end] = fieldContent(records, row, sourceIndex);
    const text = trimmedText(records.bytes, start, end);
    return INTEGER.test(text) && BigInt(text) !== BigInt(held);
  }

  return { read };
}
