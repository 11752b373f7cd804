import type { KeyColumn, KeySlot } from '../domain/columns.js';
import { textEnd } from './field-text.js';
import type { RowFaults } from './row-faults.js';
import { LENGTH_BYTES, type Tuples } from './tuples.js';
import type { WireKind } from './types.js';

/** Adds the faults of a key column: `missing_key` for NULL. */
export function checkKey({ column, sourceIndex }: KeySlot, tuples: Tuples, faults: RowFaults): void {
  const { view, rows, columns, fields, kernel } = tuples;
  if (kernel !== undefined) {
    for (const row of kernel.nulls(sourceIndex)) faults.add(row, 'missing_key', column);
    return;
  }
  for (let row = 0, field = sourceIndex; row < rows; row++, field += columns) {
    if (view.getInt32(fields[field]!) < 0) faults.add(row, 'missing_key', column);
  }
}

/** Copies a key column of the rows that have no fault, undecoded; `character(n)` without its padding. */
export function copyKey(key: KeySlot, kind: WireKind, tuples: Tuples, faults: RowFaults): KeyColumn {
  const plain = tuples.kernel?.keys(key.sourceIndex, kind === 'bpchar', faults.faultyRows());
  if (plain !== undefined) return { type: key.type, ...plain };
  const { view, bytes, rows, columns, fields } = tuples;
  const offsets = new Int32Array(rows - faults.count + 1);
  let most = 0;
  for (let row = 0, field = key.sourceIndex; row < rows; row++, field += columns) {
    most += Math.max(0, view.getInt32(fields[field]!));
  }
  const copy = new Uint8Array(most);
  let to = 0;
  let kept = 0;
  for (let row = 0, field = key.sourceIndex; row < rows; row++, field += columns) {
    if (faults.has(row)) continue;
    const start = fields[field]! + LENGTH_BYTES;
    const end = textEnd(kind, bytes, start, view.getInt32(fields[field]!));
    // Keys are short: a loop is faster than a view of the bytes for each.
    for (let at = start; at < end; at++) copy[to++] = bytes[at]!;
    offsets[++kept] = to;
  }
  return { type: key.type, offsets, bytes: copy.subarray(0, to) };
}
