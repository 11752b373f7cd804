import type { CodedTexts } from '../domain/coded-texts.js';
import type { FeatureData } from '../domain/columns.js';
import { MOST_KEPT, type TextDictionary } from '../domain/text-dictionary.js';
import { placeNumbers } from '../kernel/memory.js';
import type { FaultNotes } from './faults.js';
import type { Kernel } from './kernel.js';
import type { KnownTexts } from './kernel-rows.js';
import { replacement } from './missing.js';
import { fieldContent, type Records } from './records.js';
import type { SlotContext, SlotReader } from './slot-reader.js';

/** Reads a column into a string tensor, every character as it is. */
export function stringReader(
  { slot, width, tokens }: SlotContext,
  dictionary: TextDictionary,
  kernel: Kernel | undefined,
  quote: number,
): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? 0 : dictionary.code(String(missing));
  // Undefined where nothing is quoted.
  const mark = quote < 256 ? String.fromCharCode(quote) : undefined;
  // A quote inside a field is always doubled, so that the raw content stands for one text only.
  const table = kernel?.table();

  function read(records: Records, tensor: FeatureData, faults: FaultNotes): void {
    const { codes } = tensor as CodedTexts;
    if (records.kernel === undefined || table === undefined || records.hasNul) {
      for (let row = 0, to = offset; row < records.rows; row++, to += width) {
        codes[to] = look(records, row, faults).code;
      }
      return;
    }
    const found = dictionary.isFull
      ? allCodes(records, records.kernel.knownCodes(table, sourceIndex), faults)
      : records.kernel.codes(table, sourceIndex, (row) => look(records, row, faults));
    placeNumbers(found, codes, offset, width);
  }

  /** With a code for each unknown text as well: one of many that may never come again. */
  function allCodes(records: Records, known: KnownTexts, faults: FaultNotes): Int32Array {
    const { codes, unknown, texts, ends } = known;
    const hasMarks = mark !== undefined && texts.includes(mark);
    for (let index = 0, from = 0; index < unknown.length; index++) {
      const row = unknown[index]!;
      const raw = texts.slice(from, (from = ends[index]!));
      const [start, end] = fieldContent(records, row, sourceIndex);
      if (tokens.match(records.bytes, start, end)) {
        if (missing === undefined) faults.add(row, 'missing', column);
        codes[row] = fill;
      } else {
        codes[row] = dictionary.add(hasMarks ? undoubled(raw) : raw);
      }
    }
    return codes;
  }

  /** The code of a row's text, and whether later rows with the same bytes have it without further ado. */
  function look(records: Records, row: number, faults: FaultNotes): { code: number; keep: boolean } {
    const { bytes, hasNul } = records;
    const [start, end] = fieldContent(records, row, sourceIndex);
    if (tokens.match(bytes, start, end)) {
      if (missing === undefined) faults.add(row, 'missing', column);
      return { code: fill, keep: missing !== undefined };
    }
    if (hasNul && bytes.subarray(start, end).includes(0)) faults.add(row, 'nul_byte', column);
    const text = bytes.toString('utf8', start, end);
    const code = dictionary.code(undoubled(text));
    return { code, keep: code < MOST_KEPT };
  }

  function undoubled(raw: string): string {
    return mark === undefined || !raw.includes(mark) ? raw : raw.replaceAll(mark + mark, mark);
  }

  return { read };
}
