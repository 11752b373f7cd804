import type { FeatureData } from '../domain/columns.js';
import type { RowFaults } from './row-faults.js';
import { replacement, type SlotContext, type SlotReader } from './slot-reader.js';
import { LENGTH_BYTES, type Tuples } from './tuples.js';

/** Reads a boolean column into a bool tensor, as 0 and 1. */
export function booleanReader({ slot, width }: SlotContext): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? 0 : Number(missing);

  function read(tuples: Tuples, tensor: FeatureData, faults: RowFaults): void {
    const { view, bytes, rows, columns, fields } = tuples;
    const out = tensor as Uint8Array;
    for (let row = 0, field = sourceIndex, to = offset; row < rows; row++, field += columns, to += width) {
      const at = fields[field]!;
      if (view.getInt32(at) < 0) {
        if (missing === undefined) faults.add(row, 'missing', column);
        out[to] = fill;
      } else {
        out[to] = bytes[at + LENGTH_BYTES]!;
      }
    }
  }

  return { read };
}
