import type { FeatureData, RejectCode } from '../domain/columns.js';
import { readNumber, type NumberKind } from './float-reader.js';
import { isSpecialNumeric, readNumericInteger } from './numeric.js';
import type { RowFaults } from './row-faults.js';
import { replacement, type SlotContext, type SlotReader } from './slot-reader.js';
import { LENGTH_BYTES, type Tuples } from './tuples.js';

/** Reads a column into an int32 tensor. */
export function int32Reader({ slot, width }: SlotContext, kind: NumberKind): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? 0 : Number(missing);

  function read(tuples: Tuples, tensor: FeatureData, faults: RowFaults): void {
    const { view, rows, columns, fields } = tuples;
    const out = tensor as Int32Array;
    for (let row = 0, field = sourceIndex, to = offset; row < rows; row++, field += columns, to += width) {
      const at = fields[field]! + LENGTH_BYTES;
      const value = view.getInt32(at - LENGTH_BYTES) < 0 ? NaN : readNumber(kind, view, at);
      const held = value | 0;
      out[to] = held;
      if (held === value) continue;
      if (value !== value) {
        if (missing === undefined) faults.add(row, 'missing', column);
        out[to] = fill;
      } else {
        const exact = readInteger(kind, view, at);
        if (typeof exact !== 'bigint') faults.add(row, exact, column);
        else faults.add(row, 'out_of_range', column);
      }
    }
  }

  return { read };
}

/** Reads a column into an int64 tensor. */
export function int64Reader({ slot, width }: SlotContext, kind: NumberKind): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? 0n : BigInt(missing);

  function read(tuples: Tuples, tensor: FeatureData, faults: RowFaults): void {
    const { view, rows, columns, fields } = tuples;
    const out = tensor as BigInt64Array;
    for (let row = 0, field = sourceIndex, to = offset; row < rows; row++, field += columns, to += width) {
      const at = fields[field]! + LENGTH_BYTES;
      if (view.getInt32(at - LENGTH_BYTES) < 0 || isNotANumber(kind, view, at)) {
        if (missing === undefined) faults.add(row, 'missing', column);
        out[to] = fill;
        continue;
      }
      const exact = readInteger(kind, view, at);
      if (typeof exact !== 'bigint') faults.add(row, exact, column);
      else if (BigInt.asIntN(64, exact) !== exact) faults.add(row, 'out_of_range', column);
      else out[to] = exact;
    }
  }

  return { read };
}

/** The integer that a value, which is not NaN, is exactly; else why it is none. */
function readInteger(kind: NumberKind, view: DataView, at: number): bigint | RejectCode {
  switch (kind) {
    case 'int8':
      return view.getBigInt64(at);
    case 'numeric':
      if (isSpecialNumeric(view, at)) return 'not_finite';
      return readNumericInteger(view, at) ?? 'not_an_integer';
    default: {
      const value = readNumber(kind, view, at);
      if (value - value !== 0) return 'not_finite';
      return Number.isInteger(value) ? BigInt(value) : 'not_an_integer';
    }
  }
}

function isNotANumber(kind: NumberKind, view: DataView, at: number): boolean {
  return (
    (kind === 'float4' || kind === 'float8' || kind === 'numeric') && Number.isNaN(readNumber(kind, view, at))
  );
}
