import type { FeatureData } from '../domain/columns.js';
import type { FaultNotes } from './faults.js';
import { replacement } from './missing.js';
import { fieldContent } from './records.js';
import type { Records } from './records.js';
import { trimmedText } from './slot-reader.js';
import type { SlotContext, SlotReader } from './slot-reader.js';

const ZERO = 48;
const ONE = 49;

const TEXTS: ReadonlyMap<string, number> = new Map([
  ...['true', 't', 'yes', '1'].map((text) => [text, 1] as const),
  ...['false', 'f', 'no', '0'].map((text) => [text, 0] as const),
]);

/** Reads a column into a bool tensor: true, t, yes, 1 and false, f, no, 0, in any case. */
export function booleanReader({ slot, width, tokens }: SlotContext): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = Number(missing ?? 0);

  function read(records: Records, tensor: FeatureData, faults: FaultNotes): void {
    const { bytes, rows } = records;
    const out = tensor as Uint8Array;
    for (let row = 0, to = offset; row < rows; row++, to += width) {
      const [start, end] = fieldContent(records, row, sourceIndex);
      const byte = bytes[start]!;
      if (end - start === 1 && (byte === ZERO || byte === ONE) && tokens.numbers.length === 0) {
        out[to] = byte - ZERO;
      } else if (tokens.match(bytes, start, end)) {
        if (missing === undefined) faults.add(row, 'missing', column);
        out[to] = fill;
      } else {
        const value = TEXTS.get(trimmedText(bytes, start, end).toLowerCase());
        if (value === undefined) faults.add(row, 'not_a_boolean', column);
        out[to] = value ?? 0;
      }
    }
  }

  return { read };
}
