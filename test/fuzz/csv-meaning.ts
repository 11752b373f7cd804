import { parse } from 'csv-parse/sync';
import type { CsvDecoderSpec } from '../../src/domain/codecs.js';
import type { FeatureType, MissingPolicy, RejectCode } from '../../src/domain/columns.js';
import type { Column, Document } from './csv-documents.js';

/** What the bytes of a document mean: rows with their keys, and what is rejected, or what can't be read at all. */
export type Meaning = Fault | Rows;

/** `lost`: a quote that is never closed. */
export interface Fault {
  readonly fault: 'quote' | 'lost' | 'encoding';
}

export interface Rows {
  readonly read: number;
  readonly keys: readonly string[];
  /** Values in the order of the columns. */
  readonly rows: readonly (readonly unknown[])[];
  readonly rejects: readonly { line: number; raw: string; code: RejectCode; column: string | undefined }[];
  readonly inexactIntegers: number;
}

/** What csv-parse reads, as fields; its own words where it reads nothing. */
export function referenceFields(
  document: Buffer,
  { delimiter, quote, recordEnd }: CsvDecoderSpec,
): string[][] | Fault {
  try {
    // A CR that ends the input is a line end.
    const ended = recordEnd === 'lf' && document.at(-1) === 13 ? Buffer.concat([document, LF]) : document;
    return parse(ended, {
      delimiter,
      quote: quote ?? null,
      escape: quote ?? null,
      record_delimiter: recordEnd === 'cr' ? '\r' : ['\r\n', '\n'],
      skip_empty_lines: true,
      relax_column_count: true,
    });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === 'CSV_QUOTE_NOT_CLOSED') return { fault: 'lost' };
    if (code === 'CSV_INVALID_CLOSING_QUOTE' || code === 'INVALID_OPENING_QUOTE') return { fault: 'quote' };
    throw error;
  }
}

const LF = Buffer.from('\n');

/**
 * What predawn should make of fields: its rules for types, missing values and rejects in the plainest words. Lines and
 * raw texts of rejects are those of the document's records, where it has any.
 */
export function meaningOf(
  fields: readonly string[][],
  columns: readonly Column[],
  { records }: Pick<Document, 'records'>,
): Rows {
  const rows: unknown[][] = [];
  const keys: string[] = [];
  const rejects: Rows['rejects'][number][] = [];
  let inexactIntegers = 0;
  fields.forEach((texts, index) => {
    const place = records?.[index] ?? { line: 0, raw: '' };
    if (texts.length !== columns.length) {
      rejects.push({ ...place, code: 'field_count', column: undefined });
      return;
    }
    const row: unknown[] = [];
    let inexact = 0;
    for (const [at, { name, type, missing }] of columns.entries()) {
      const text = texts[at]!;
      const code = (at === 0 ? keyFault(text) : undefined) ?? valueOf(text, type, missing, row);
      if (code !== undefined) {
        rejects.push({ ...place, code, column: name });
        return;
      }
      if (isInexact(text, type, missing, row[at])) inexact++;
    }
    rows.push(row);
    keys.push(texts[0]!);
    inexactIntegers += inexact;
  });
  return { read: fields.length, rows, keys, rejects, inexactIntegers };
}

function keyFault(text: string): RejectCode | undefined {
  return text === '' ? 'missing_key' : text.includes('\0') ? 'nul_byte' : undefined;
}

/** Adds a field's value to its row, or says what is wrong with it. */
function valueOf(
  text: string,
  type: FeatureType,
  missing: MissingPolicy,
  row: unknown[],
): RejectCode | undefined {
  if (isMissing(text, missing)) {
    if (missing.then === 'reject') return 'missing';
    const value = missing.then === 'nan' ? NaN : missing.value;
    row.push(type === 'int64' ? BigInt(value) : value);
    return undefined;
  }
  const value = read(text, type);
  if (typeof value === 'object') return value.code;
  row.push(value);
  return undefined;
}

const isMissing = (text: string, { tokens }: MissingPolicy) => text === '' || tokens.includes(text);

const TRUE = ['true', 't', 'yes', '1'];
const FALSE = ['false', 'f', 'no', '0'];
const INFINITE = /^[+-]?inf(inity)?$/i;
const DECIMAL = /^[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?$/;

function read(text: string, type: FeatureType): string | number | bigint | { code: RejectCode } {
  const trimmed = text.replace(/^[ \t]+|[ \t]+$/g, '');
  switch (type) {
    case 'string':
      return text.includes('\0') ? { code: 'nul_byte' } : text;
    case 'bool': {
      const word = trimmed.toLowerCase();
      return TRUE.includes(word) ? 1 : FALSE.includes(word) ? 0 : { code: 'not_a_boolean' };
    }
    case 'float32':
    case 'float64': {
      if (INFINITE.test(trimmed)) return { code: 'not_finite' };
      if (!DECIMAL.test(trimmed)) return { code: 'not_a_number' };
      const value = type === 'float32' ? Math.fround(Number(trimmed)) : Number(trimmed);
      return Number.isFinite(value) ? value : { code: 'not_finite' };
    }
    default: {
      if (INFINITE.test(trimmed)) return { code: 'not_finite' };
      if (!DECIMAL.test(trimmed)) return { code: 'not_a_number' };
      const value = exactInteger(trimmed);
      if (typeof value === 'string') return { code: value };
      const bits = type === 'int32' ? 32 : 64;
      if (BigInt.asIntN(bits, value) !== value) return { code: 'out_of_range' };
      return bits === 32 ? Number(value) : value;
    }
  }
}

function exactInteger(decimal: string): bigint | 'not_an_integer' | 'out_of_range' {
  const [mantissa = '', written = '0'] = decimal.toLowerCase().split('e');
  const [whole = '', decimals = ''] = mantissa.replace(/^[+-]/, '').split('.');
  const digits = BigInt(whole + decimals);
  if (digits === 0n) return 0n;
  const exponent = Number(written) - decimals.length;
  if (exponent < -100) return 'not_an_integer';
  if (exponent > 100) return 'out_of_range';
  const scale = 10n ** BigInt(Math.abs(exponent));
  if (exponent < 0 && digits % scale !== 0n) return 'not_an_integer';
  const magnitude = exponent < 0 ? digits / scale : digits * scale;
  return mantissa.startsWith('-') ? -magnitude : magnitude;
}

/** Whether a float can't hold the integer that is written. */
function isInexact(text: string, type: FeatureType, missing: MissingPolicy, held: unknown): boolean {
  if (!type.startsWith('float') || isMissing(text, missing)) return false;
  const trimmed = text.replace(/^[ \t]+|[ \t]+$/g, '');
  return /^[+-]?\d+$/.test(trimmed) && BigInt(trimmed) !== BigInt(held as number);
}
