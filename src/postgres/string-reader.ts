import type { FeatureData } from '../domain/columns.js';
import { InternedText } from './interned-text.js';
import type { RowFaults } from './row-faults.js';
import { replacement, type SlotContext, type SlotReader } from './slot-reader.js';
import { LENGTH_BYTES, type Tuples } from './tuples.js';
import type { WireKind } from './types.js';
import { fieldText, textEnd } from './field-text.js';

/** Reads a text, integer or uuid column into a string tensor. Missing tokens are looked for in text only. */
export function stringReader({ slot, width }: SlotContext, kind: WireKind): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? '' : String(missing);
  const textual = kind === 'text' || kind === 'bpchar';
  const tokens = new Set(textual ? slot.missing.tokens : []);
  const texts = new InternedText();

  function read(tuples: Tuples, tensor: FeatureData, faults: RowFaults): void {
    const { view, bytes, rows, columns, fields } = tuples;
    const out = tensor as string[];
    for (let row = 0, field = sourceIndex, to = offset; row < rows; row++, field += columns, to += width) {
      const length = view.getInt32(fields[field]!);
      const at = fields[field]! + LENGTH_BYTES;
      let text: string | undefined;
      if (length < 0) text = undefined;
      else if (textual) text = texts.get(bytes, at, textEnd(kind, bytes, at, length));
      else text = fieldText(kind, view, at, length);
      if (text === undefined || (tokens.size > 0 && tokens.has(text))) {
        if (missing === undefined) faults.add(row, 'missing', column);
        text = fill;
      }
      out[to] = text;
    }
  }

  return { read };
}
