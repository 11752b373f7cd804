import type { CodedTexts } from '../domain/coded-texts.js';
import type { FeatureData } from '../domain/columns.js';
import { MOST_KEPT, type TextDictionary } from '../domain/text-dictionary.js';
import type { Kernel } from './kernel.js';
import type { RowFaults } from './row-faults.js';
import { replacement, type SlotContext, type SlotReader } from './slot-reader.js';
import { placeNumbers } from '../kernel/memory.js';
import { InternedText } from './interned-text.js';
import { LENGTH_BYTES, type Tuples } from './tuples.js';
import type { WireKind } from './types.js';
import { fieldText, textEnd } from './field-text.js';

/** No code. */
const NULL = -1;
/** Bytes that a value which is no text has. */
const WIDTHS: Readonly<Partial<Record<WireKind, number>>> = { int2: 2, int4: 4, int8: 8, uuid: 16 };

/** Reads a text, integer or uuid column into a string tensor. Missing tokens are looked for in text only. */
export function stringReader(
  { slot, width }: SlotContext,
  dictionary: TextDictionary,
  kind: WireKind,
  kernel: Kernel | undefined,
): SlotReader {
  const { column, sourceIndex, offset } = slot;
  const missing = replacement(slot);
  const fill = missing === undefined ? 0 : dictionary.code(String(missing));
  const textual = kind === 'text' || kind === 'bpchar';
  const tokens = new Set(textual ? slot.missing.tokens.map((token) => dictionary.code(token)) : []);
  const texts = new InternedText(dictionary, (bytes, start, end) => bytes.toString('utf8', start, end));

  // The same bytes are always the same text: that of a `character(n)` may have several.
  const table = kernel?.table();
  const nullCode = missing === undefined ? undefined : fill;

  function read(tuples: Tuples, tensor: FeatureData, faults: RowFaults): void {
    const { rows, kernel } = tuples;
    const { codes } = tensor as CodedTexts;
    if (kernel === undefined || table === undefined) {
      for (let row = 0, to = offset; row < rows; row++, to += width) codes[to] = settle(tuples, row, faults);
      return;
    }
    const found = kernel.codes(table, sourceIndex, nullCode, (row) => look(tuples, row, faults));
    placeNumbers(found, codes, offset, width);
  }

  /** The code of a row's value, and whether later rows with the same bytes have it without further ado. */
  function look(tuples: Tuples, row: number, faults: RowFaults): { code: number; keep: boolean } {
    const { view, columns, fields } = tuples;
    const code = codeOf(tuples, row);
    const length = view.getInt32(fields[row * columns + sourceIndex]!);
    const whole = textual ? length >= 0 : length === WIDTHS[kind];
    const known = code === NULL ? missing !== undefined : code < MOST_KEPT;
    return { code: code === NULL ? replaced(row, faults) : code, keep: whole && known };
  }

  function settle(tuples: Tuples, row: number, faults: RowFaults): number {
    const code = codeOf(tuples, row);
    return code === NULL ? replaced(row, faults) : code;
  }

  /** NULL for a missing value. */
  function codeOf({ view, bytes, columns, fields }: Tuples, row: number): number {
    const at = fields[row * columns + sourceIndex]! + LENGTH_BYTES;
    const length = view.getInt32(at - LENGTH_BYTES);
    if (length < 0) return NULL;
    const code = textual
      ? texts.code(bytes, view, at, textEnd(kind, bytes, at, length))
      : dictionary.code(fieldText(kind, view, at, length));
    return tokens.size > 0 && tokens.has(code) ? NULL : code;
  }

  /** The code of what stands for a missing value. */
  function replaced(row: number, faults: RowFaults): number {
    if (missing === undefined) faults.add(row, 'missing', column);
    return fill;
  }

  return { read };
}
