import { endianness } from 'node:os';
import type { FeatureData } from '../domain/columns.js';
import { parseInteger, readDecimals } from './decimal.js';
import type { RowFaults } from './faults.js';
import { replacement } from './missing.js';
import { fieldContent } from './records.js';
import type { Records } from './records.js';
import { trimmedText } from './slot-reader.js';
import type { SlotContext, SlotReader } from './slot-reader.js';

const TWO_32 = 2 ** 32;
const TWO_63 = 2 ** 63;
const LOW = endianness() === 'LE' ? 0 : 1;
const HIGH = 1 - LOW;
const INFINITE = /^[+-]?inf(inity)?$/i;

/** Reads a column into an int32 or int64 tensor. */
export function integerReader(context: SlotContext, scratch: (rows: number) => Float64Array): SlotReader {
  const { slot, width, tokens } = context;
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? undefined : BigInt(missing);
  const bits = slot.type === 'int32' ? 32 : 64;

  function read(records: Records, tensor: FeatureData, faults: RowFaults): void {
    const values = scratch(records.rows);
    readDecimals(records, sourceIndex, values);
    const { rows } = records;
    // An int64 is written as two halves: a BigInt for each would cost more than all the rest.
    const { buffer } = tensor as BigInt64Array;
    const words = new Int32Array(buffer);
    const words64 = bits === 64;
    for (let row = 0, to = offset; row < rows; row++, to += width) {
      const value = values[row]!;
      if (value !== value || (tokens.anyNumber && isMissing(records, row))) {
        const exact = secondLook(records, row, faults);
        if (words64) {
          words[2 * to + LOW] = Number(BigInt.asIntN(32, exact));
          words[2 * to + HIGH] = Number(exact >> 32n);
        } else {
          words[to] = Number(exact);
        }
      } else if (Math.floor(value) !== value) {
        faults.add(row, 'not_an_integer', column);
      } else if (words64) {
        if (value >= TWO_63 || value < -TWO_63) faults.add(row, 'out_of_range', column);
        words[2 * to + LOW] = value | 0;
        words[2 * to + HIGH] = Math.floor(value / TWO_32) | 0;
      } else {
        const held = value | 0;
        if (held !== value) faults.add(row, 'out_of_range', column);
        words[to] = held;
      }
    }
  }

  function isMissing(records: Records, row: number): boolean {
    return tokens.match(records.bytes, ...fieldContent(records, row, sourceIndex));
  }

  /** For what is missing, not short, or no number; 0 where there is a fault. */
  function secondLook(records: Records, row: number, faults: RowFaults): bigint {
    const [start, end] = fieldContent(records, row, sourceIndex);
    if (tokens.match(records.bytes, start, end)) {
      if (fill === undefined) faults.add(row, 'missing', column);
      return fill ?? 0n;
    }
    const text = trimmedText(records.bytes, start, end);
    const value = parseInteger(text);
    if (typeof value === 'bigint' && BigInt.asIntN(bits, value) === value) return value;
    if (value === 'fraction') faults.add(row, 'not_an_integer', column);
    else if (value !== undefined) faults.add(row, 'out_of_range', column);
    else faults.add(row, INFINITE.test(text) ? 'not_finite' : 'not_a_number', column);
    return 0n;
  }

  return { read };
}
