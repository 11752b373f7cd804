import type { CodedTexts } from '../domain/coded-texts.js';
import type { FeatureData } from '../domain/columns.js';
import { InternedText } from '../domain/interned-text.js';
import type { TextDictionary } from '../domain/text-dictionary.js';
import type { RowFaults } from './faults.js';
import { replacement } from './missing.js';
import type { Records } from './records.js';
import type { SlotContext, SlotReader } from './slot-reader.js';

/** Reads a column into a string tensor, every character as it is. */
export function stringReader(
  { slot, width, tokens }: SlotContext,
  dictionary: TextDictionary,
  quote: number,
): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? 0 : dictionary.code(String(missing));
  const mark = String.fromCharCode(quote);
  // A quote inside a field is always doubled, so that the raw content stands for one text only.
  const texts = new InternedText(dictionary, (bytes, start, end) => {
    const text = bytes.toString('utf8', start, end);
    return text.includes(mark) ? text.replaceAll(mark + mark, mark) : text;
  });

  function read(records: Records, tensor: FeatureData, faults: RowFaults): void {
    const { bytes, rows, stride, bounds, hasNul } = records;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { codes } = tensor as CodedTexts;
    for (let row = 0, to = offset, at = sourceIndex; row < rows; row++, to += width, at += stride) {
      let start = bounds[at]!;
      let end = bounds[at + 1]! - 1;
      if (bytes[start] === quote) {
        start++;
        end--;
      }
      if (tokens.match(bytes, start, end)) {
        if (missing === undefined) faults.add(row, 'missing', column);
        codes[to] = fill;
      } else {
        if (hasNul && bytes.subarray(start, end).includes(0)) faults.add(row, 'nul_byte', column);
        codes[to] = texts.code(bytes, view, start, end);
      }
    }
  }

  return { read };
}
