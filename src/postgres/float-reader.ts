import type { FeatureData } from '../domain/columns.js';
import { placeNumbers } from '../kernel/memory.js';
import { isWrittenAsInteger, readNumeric, readNumericInteger } from './numeric.js';
import type { RowFaults } from './row-faults.js';
import { replacement, type SlotContext, type SlotReader } from './slot-reader.js';
import { LENGTH_BYTES, type Tuples } from './tuples.js';
import type { WireKind } from './types.js';

/** Types whose every value has a nearest double. */
export type NumberKind = Extract<
  WireKind,
  'bool' | 'int2' | 'int4' | 'int8' | 'float4' | 'float8' | 'numeric'
>;

const TWO_32 = 2 ** 32;
/** From here on, a double does not hold every integer. */
const MANY_DIGITS = 2 ** 53;

/** The double nearest to the value that starts at `at`. */
export function readNumber(kind: NumberKind, view: DataView, at: number): number {
  switch (kind) {
    case 'bool':
      return view.getUint8(at);
    case 'int2':
      return view.getInt16(at);
    case 'int4':
      return view.getInt32(at);
    case 'int8':
      // The upper half is exact after its multiplication, so this rounds once.
      return view.getInt32(at) * TWO_32 + view.getUint32(at + 4);
    case 'float4':
      return view.getFloat32(at);
    case 'float8':
      return view.getFloat64(at);
    case 'numeric':
      return readNumeric(view, at);
  }
}

/** Reads a column into a float32 or float64 tensor. */
export function floatReader({ slot, width }: SlotContext, kind: NumberKind): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const single = slot.type === 'float32';
  const missing = replacement(slot);
  const fill = missing === undefined ? NaN : Number(missing);

  function read(tuples: Tuples, tensor: FeatureData, faults: RowFaults): void {
    const { rows, kernel } = tuples;
    const out = tensor as Float32Array | Float64Array;
    if (kernel === undefined) {
      for (let row = 0, to = offset; row < rows; row++, to += width) out[to] = settle(tuples, row, faults);
      return;
    }
    const type = single ? 'float32' : 'float64';
    const { values, odd } = kernel.numbers(kind, type, sourceIndex, missing === undefined ? undefined : fill);
    placeNumbers(values as Float32Array | Float64Array, out, offset, width);
    for (const row of odd) out[row * width + offset] = settle(tuples, row, faults);
  }

  /** What a row's tensor element is. */
  function settle({ view, columns, fields }: Tuples, row: number, faults: RowFaults): number {
    const at = fields[row * columns + sourceIndex]! + LENGTH_BYTES;
    const value = view.getInt32(at - LENGTH_BYTES) < 0 ? NaN : readNumber(kind, view, at);
    if (value !== value) {
      if (missing === undefined) faults.add(row, 'missing', column);
      return fill;
    }
    const held = single ? Math.fround(value) : value;
    if (held !== value || value >= MANY_DIGITS || value <= -MANY_DIGITS) {
      if (held - held !== 0) faults.add(row, 'not_finite', column);
      else if (Number.isInteger(value) && isInexactInteger(view, at, value, held))
        faults.addInexactInteger(row);
    }
    return held;
  }

  /** Whether the source's value is an integer other than `held`; `value` may be rounded itself from 2^53 on. */
  function isInexactInteger(view: DataView, at: number, value: number, held: number): boolean {
    switch (kind) {
      case 'int8':
        return view.getBigInt64(at) !== BigInt(held);
      case 'numeric':
        return isWrittenAsInteger(view, at) && readNumericInteger(view, at) !== BigInt(held);
      case 'float8':
        // A larger one is what its column holds, but no count or identifier.
        return Math.abs(value) <= MANY_DIGITS && held !== value;
      default:
        return held !== value;
    }
  }

  return { read };
}
