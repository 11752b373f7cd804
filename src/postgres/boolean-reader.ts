import type { FeatureData } from '../domain/columns.js';
import { placeNumbers } from '../kernel/memory.js';
import type { RowFaults } from './row-faults.js';
import { replacement, type SlotContext, type SlotReader } from './slot-reader.js';
import { LENGTH_BYTES, type Tuples } from './tuples.js';

/** Reads a boolean column into a bool tensor, as 0 and 1. */
export function booleanReader({ slot, width }: SlotContext): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? 0 : Number(missing);

  function read(tuples: Tuples, tensor: FeatureData, faults: RowFaults): void {
    const { rows, kernel } = tuples;
    const out = tensor as Uint8Array;
    if (kernel === undefined) {
      for (let row = 0, to = offset; row < rows; row++, to += width) out[to] = settle(tuples, row, faults);
      return;
    }
    const { values, odd } = kernel.bools(sourceIndex, missing === undefined ? undefined : fill);
    placeNumbers(values, out, offset, width);
    for (const row of odd) out[row * width + offset] = settle(tuples, row, faults);
  }

  /** What a row's tensor element is. */
  function settle({ view, bytes, columns, fields }: Tuples, row: number, faults: RowFaults): number {
    const at = fields[row * columns + sourceIndex]!;
    if (view.getInt32(at) >= 0) return bytes[at + LENGTH_BYTES]!;
    if (missing === undefined) faults.add(row, 'missing', column);
    return fill;
  }

  return { read };
}
