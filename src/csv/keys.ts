import type { KeyColumn, KeySlot } from '../domain/columns.js';
import type { FaultNotes, RowFaults } from './faults.js';
import { fieldContent } from './records.js';
import type { Records } from './records.js';

/** Adds the faults of a key column: `missing_key` for an empty field, `nul_byte`. */
export function checkKeys({ column, sourceIndex }: KeySlot, records: Records, faults: FaultNotes): void {
  const { bytes, quote, rows, stride, bounds, hasNul } = records;
  for (let row = 0, at = sourceIndex; row < rows; row++, at += stride) {
    const start = bounds[at]!;
    const length = bounds[at + 1]! - 1 - start;
    if (length === 0 || (length === 2 && bytes[start] === quote)) faults.add(row, 'missing_key', column);
    else if (hasNul && bytes.subarray(start, start + length).includes(0)) faults.add(row, 'nul_byte', column);
  }
}

/** Copies a key column of the rows that have no fault, as UTF-8 text. */
export function copyKeys({ sourceIndex }: KeySlot, records: Records, faults: RowFaults): KeyColumn {
  const plain = faults.count === 0 ? records.kernel?.keys(sourceIndex) : undefined;
  if (plain !== undefined) return { type: 'text', ...plain };
  const { bytes, quote, rows, stride, bounds } = records;
  let most = 0;
  for (let row = 0, at = sourceIndex; row < rows; row++, at += stride) most += bounds[at + 1]! - bounds[at]!;
  const copy = new Uint8Array(most);
  const offsets = new Int32Array(rows - faults.count + 1);
  const anyFault = faults.count > 0;
  let to = 0;
  let kept = 0;
  for (let row = 0; row < rows; row++) {
    if (anyFault && faults.has(row)) continue;
    const [start, end] = fieldContent(records, row, sourceIndex);
    for (let at = start; at < end; at++) {
      const byte = bytes[at]!;
      copy[to++] = byte;
      // Of two quotes, the first was copied.
      if (byte === quote) at++;
    }
    offsets[++kept] = to;
  }
  return { type: 'text', offsets, bytes: copy.subarray(0, to) };
}
