import type { FeatureData } from '../domain/columns.js';
import type { RowFaults } from './faults.js';
import { InternedText } from './interned-text.js';
import { replacement } from './missing.js';
import type { Records } from './records.js';
import type { SlotContext, SlotReader } from './slot-reader.js';

/** Reads a column into a string tensor, every character as it is. */
export function stringReader({ slot, width, tokens }: SlotContext, quote: number): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? '' : String(missing);
  const mark = String.fromCharCode(quote);
  // A quote inside a field is always doubled, so that the raw content stands for one text only.
  const texts = new InternedText((bytes, start, end) => {
    const text = bytes.toString('utf8', start, end);
    return text.includes(mark) ? text.replaceAll(mark + mark, mark) : text;
  });

  function read(records: Records, tensor: FeatureData, faults: RowFaults): void {
    const { bytes, rows, stride, bounds, hasNul } = records;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const out = tensor as string[];
    for (let row = 0, to = offset, at = sourceIndex; row < rows; row++, to += width, at += stride) {
      let start = bounds[at]!;
      let end = bounds[at + 1]! - 1;
      if (bytes[start] === quote) {
        start++;
        end--;
      }
      if (tokens.match(bytes, start, end)) {
        if (missing === undefined) faults.add(row, 'missing', column);
        out[to] = fill;
      } else {
        if (hasNul && bytes.subarray(start, end).includes(0)) faults.add(row, 'nul_byte', column);
        out[to] = texts.get(bytes, view, start, end);
      }
    }
  }

  return { read };
}
