import type { CodedTexts } from '../domain/coded-texts.js';
import type { FeatureData } from '../domain/columns.js';
import type { TextDictionary } from '../domain/text-dictionary.js';
import type { RowFaults } from './row-faults.js';
import { replacement, type SlotContext, type SlotReader } from './slot-reader.js';
import { InternedText } from './interned-text.js';
import { LENGTH_BYTES, type Tuples } from './tuples.js';
import type { WireKind } from './types.js';
import { fieldText, textEnd } from './field-text.js';

/** No code. */
const NULL = -1;

/** Reads a text, integer or uuid column into a string tensor. Missing tokens are looked for in text only. */
export function stringReader(
  { slot, width }: SlotContext,
  dictionary: TextDictionary,
  kind: WireKind,
): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? 0 : dictionary.code(String(missing));
  const textual = kind === 'text' || kind === 'bpchar';
  const tokens = new Set(textual ? slot.missing.tokens.map((token) => dictionary.code(token)) : []);
  const texts = new InternedText(dictionary, (bytes, start, end) => bytes.toString('utf8', start, end));

  function read(tuples: Tuples, tensor: FeatureData, faults: RowFaults): void {
    const { view, bytes, rows, columns, fields } = tuples;
    const { codes } = tensor as CodedTexts;
    for (let row = 0, field = sourceIndex, to = offset; row < rows; row++, field += columns, to += width) {
      const length = view.getInt32(fields[field]!);
      const at = fields[field]! + LENGTH_BYTES;
      let code = NULL;
      if (length >= 0) {
        code = textual
          ? texts.code(bytes, view, at, textEnd(kind, bytes, at, length))
          : dictionary.code(fieldText(kind, view, at, length));
      }
      if (code === NULL || (tokens.size > 0 && tokens.has(code))) {
        if (missing === undefined) faults.add(row, 'missing', column);
        code = fill;
      }
      codes[to] = code;
    }
  }

  return { read };
}
