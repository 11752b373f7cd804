import type { FeatureData, RejectCode } from '../domain/columns.js';
import { placeNumbers } from '../kernel/memory.js';
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
    const { rows, kernel } = tuples;
    const out = tensor as Int32Array;
    if (kernel === undefined) {
      for (let row = 0, to = offset; row < rows; row++, to += width) out[to] = settle(tuples, row, faults);
      return;
    }
    const { values, odd } = kernel.numbers(
      kind,
      'int32',
      sourceIndex,
      missing === undefined ? undefined : fill,
    );
    placeNumbers(values as Int32Array, out, offset, width);
    for (const row of odd) out[row * width + offset] = settle(tuples, row, faults);
  }

  /** What a row's tensor element is. */
  function settle({ view, columns, fields }: Tuples, row: number, faults: RowFaults): number {
    const at = fields[row * columns + sourceIndex]! + LENGTH_BYTES;
    const value = view.getInt32(at - LENGTH_BYTES) < 0 ? NaN : readNumber(kind, view, at);
    const held = value | 0;
    // The double nearest to a numeric may be an integer where the numeric is none.
    if (held === value && (kind !== 'numeric' || readNumericInteger(view, at) !== undefined)) return held;
    if (value !== value) {
      if (missing === undefined) faults.add(row, 'missing', column);
      return fill;
    }
    const exact = readInteger(kind, view, at);
    faults.add(row, typeof exact === 'bigint' ? 'out_of_range' : exact, column);
    return held;
  }

  return { read };
}

/** Reads a column into an int64 tensor. */
export function int64Reader({ slot, width }: SlotContext, kind: NumberKind): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? 0n : BigInt(missing);

  function read(tuples: Tuples, tensor: FeatureData, faults: RowFaults): void {
    const { rows, kernel } = tuples;
    const out = tensor as BigInt64Array;
    if (kernel === undefined) {
      for (let row = 0, to = offset; row < rows; row++, to += width) out[to] = settle(tuples, row, faults);
      return;
    }
    const { values, odd } = kernel.numbers(
      kind,
      'int64',
      sourceIndex,
      missing === undefined ? undefined : fill,
    );
    placeNumbers(values as BigInt64Array, out, offset, width);
    for (const row of odd) out[row * width + offset] = settle(tuples, row, faults);
  }

  /** What a row's tensor element is. */
  function settle({ view, columns, fields }: Tuples, row: number, faults: RowFaults): bigint {
    const at = fields[row * columns + sourceIndex]! + LENGTH_BYTES;
    if (view.getInt32(at - LENGTH_BYTES) < 0 || isNotANumber(kind, view, at)) {
      if (missing === undefined) faults.add(row, 'missing', column);
      return fill;
    }
    const exact = readInteger(kind, view, at);
    if (typeof exact === 'bigint' && BigInt.asIntN(64, exact) === exact) return exact;
    faults.add(row, typeof exact === 'bigint' ? 'out_of_range' : exact, column);
    return 0n;
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
