import { CodedTexts } from '../../src/domain/coded-texts.js';
import type {
  KeyColumn,
  KeyType,
  OutputColumn,
  OutputData,
  OutputType,
  ScoredRows,
} from '../../src/domain/columns.js';

export type Value = number | bigint | boolean | string;

/** A row of a slice as the contract compares it. */
export interface SliceRow {
  /**
   * One text per key column: integers in decimal, uuid in lower case with hyphens, `YYYY-MM-DD`, timestamps as
   * `YYYY-MM-DDTHH:MM:SS.ffffff` (always six digits), timestamptz the same in UTC with a `Z`.
   */
  readonly key: readonly string[];
  /** float4, float8 and int4 as numbers, int8 as bigint, bool as boolean, text as string. */
  readonly outputs: readonly Value[];
  readonly artefact: string;
  readonly attemptId: string;
}

/** Rows as a test writes them down: key texts and output values, column by column. */
export interface TestRows {
  readonly keys: readonly (readonly string[])[];
  readonly outputs: readonly (readonly Value[])[];
}

export interface TestColumns {
  readonly keys: readonly { readonly name: string; readonly type: KeyType }[];
  readonly outputs: readonly OutputColumn[];
}

export function outputColumn(name: string, type: OutputType, probability = false): OutputColumn {
  return { name, type, output: 0, element: 0, description: `The ${name} of a row`, probability };
}

/** Rows of the table of most tests. */
export function churnRows(count: number): TestRows {
  const rows = Array.from({ length: count }, (_, row) => row);
  return {
    keys: [rows.map((row) => `C-${String(row).padStart(5, '0')}`)],
    outputs: [
      rows.map((row) => Math.fround(row / (count + 1))),
      rows.map((row) => (row % 3 === 0 ? 'Yes' : 'No')),
    ],
  };
}

/** Rows `from` up to `to` of `rows` as a decoder and a model would hand them to an encoder. */
export function scoredRows(columns: TestColumns, rows: TestRows, from: number, to: number): ScoredRows {
  return {
    rows: to - from,
    keys: columns.keys.map(({ type }, index) => keyColumn(type, rows.keys[index]!.slice(from, to))),
    outputs: columns.outputs.map((column, index) => ({
      column,
      // The last of two elements a row, to see that strides and offsets are honoured.
      data: outputData(
        column.type,
        rows.outputs[index]!.slice(from, to).flatMap((value) => [fillerOf(value), value]),
      ),
      stride: 2,
      offset: 1,
    })),
  };
}

/** The rows as `readSlice` ought to give them back, in order. */
export function expectedRows(rows: TestRows, artefact: string, attemptId: string): SliceRow[] {
  return rows.keys[0]!.map((_, row) => ({
    key: rows.keys.map((column) => column[row]!),
    outputs: rows.outputs.map((column) => column[row]!),
    artefact,
    attemptId,
  }));
}

/** Encodes key texts in PostgreSQL's binary format. */
export function keyColumn(type: KeyType, texts: readonly string[]): KeyColumn {
  const parts = texts.map((text) => keyBytes(type, text));
  const offsets = new Int32Array(texts.length + 1);
  parts.forEach((part, row) => (offsets[row + 1] = offsets[row]! + part.length));
  return { type, offsets, bytes: new Uint8Array(Buffer.concat(parts)) };
}

function keyBytes(type: KeyType, text: string): Buffer {
  switch (type) {
    case 'text':
      return Buffer.from(text, 'utf8');
    case 'int2': {
      const bytes = Buffer.alloc(2);
      bytes.writeInt16BE(Number(text));
      return bytes;
    }
    case 'int4': {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(Number(text));
      return bytes;
    }
    case 'int8':
      return bigEndian(BigInt(text));
    case 'uuid':
      return Buffer.from(text.replaceAll('-', ''), 'hex');
    case 'date': {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE((Date.parse(`${text}T00:00:00Z`) - Date.UTC(2000, 0, 1)) / 86_400_000);
      return bytes;
    }
    case 'timestamp':
    case 'timestamptz': {
      const [seconds, fraction] = text.replace('Z', '').split('.');
      const milliseconds = Date.parse(`${seconds!}Z`) - Date.UTC(2000, 0, 1);
      return bigEndian(BigInt(milliseconds) * 1000n + BigInt(fraction!));
    }
  }
}

function bigEndian(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

function fillerOf(value: Value): Value {
  if (typeof value === 'number') return 77;
  if (typeof value === 'bigint') return 77n;
  return typeof value === 'string' ? 'filler' : !value;
}

function outputData(type: OutputType, values: readonly Value[]): OutputData {
  switch (type) {
    case 'float4':
      return Float32Array.from(values as number[]);
    case 'float8':
      return Float64Array.from(values as number[]);
    case 'int4':
      return Int32Array.from(values as number[]);
    case 'int8':
      return BigInt64Array.from(values as bigint[]);
    case 'bool':
      return Uint8Array.from(values as boolean[], Number);
    case 'text':
      return CodedTexts.from(values as string[]);
  }
}

/** By key. */
export function sorted(rows: readonly SliceRow[]): SliceRow[] {
  const order = (row: SliceRow): string => row.key.join('\0');
  return [...rows].sort((a, b) => (order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : 0));
}

/** A destination that changes only the rows that differ may leave the others their earlier attempt. */
export function withoutAttempt(rows: readonly SliceRow[]): Omit<SliceRow, 'attemptId'>[] {
  return rows.map(({ key, outputs, artefact }) => ({ key, outputs, artefact }));
}
