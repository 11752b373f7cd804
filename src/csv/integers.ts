import type { FeatureData } from '../domain/columns.js';
import { placeNumbers } from '../kernel/memory.js';
import { parseInteger, readDecimals } from './decimal.js';
import type { FaultNotes } from './faults.js';
import { replacement } from './missing.js';
import { fieldContent } from './records.js';
import type { Records } from './records.js';
import { eachOdd, trimmedText } from './slot-reader.js';
import type { SlotContext, SlotReader } from './slot-reader.js';

const INFINITE = /^[+-]?inf(inity)?$/i;

/** Reads a column into an int32 or int64 tensor. */
export function integerReader(context: SlotContext, scratch: (rows: number) => Float64Array): SlotReader {
  const { slot, width, tokens } = context;
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? undefined : BigInt(missing);
  const bits = slot.type === 'int32' ? 32 : 64;
  const integers = tokens.numbers.filter((number) => Number.isInteger(number));
  const tokenNumbers = bits === 32 ? integers : integers.map(BigInt);

  function read(records: Records, tensor: FeatureData, faults: FaultNotes): void {
    const out = tensor as BigInt64Array | Int32Array;
    const look = (row: number): void => {
      const exact = secondLook(records, row, faults);
      out[row * width + offset] = bits === 32 ? Number(exact) : exact;
    };
    if (records.kernel !== undefined) {
      const { values, odd } = records.kernel.numbers(slot.type as 'int32' | 'int64', sourceIndex);
      placeNumbers(values as BigInt64Array | Int32Array, out, offset, width);
      eachOdd(values as Int32Array, odd, tokenNumbers as number[], look);
      return;
    }
    const values = scratch(records.rows);
    readDecimals(records, sourceIndex, values);
    for (let row = 0; row < records.rows; row++) {
      const value = values[row]!;
      const plain = bits === 32 ? value === (value | 0) : Number.isSafeInteger(value);
      if (!plain || tokens.numbers.length > 0) look(row);
      else out[row * width + offset] = bits === 32 ? value : BigInt(value);
    }
  }

  /** For what is missing, not short, or no number; 0 where there is a fault. */
  function secondLook(records: Records, row: number, faults: FaultNotes): bigint {
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
