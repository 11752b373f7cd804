import { readFile } from 'node:fs/promises';
import { type Table, tableFromIPC } from 'apache-arrow';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import type { KeyType, OutputType } from '../../src/domain/columns.js';
import type { TargetTable } from '../../src/domain/publication.js';
import type { SliceRow, Value } from '../contracts/scored-rows.js';

/** Reads a predictions file with libraries that had no part in writing it, in the file's order. */
export async function readPredictions(path: string, target: TargetTable): Promise<readonly SliceRow[]> {
  const rows = await readers[target.format](path);
  return rows.map((row) => ({
    key: target.keys.map(({ name, type }) => keyText(type, row[name])),
    outputs: target.outputs.map(({ name, type }) => outputValue(type, row[name])),
    artefact: String(row.artefact),
    attemptId: String(row.attempt_id),
  }));
}

type Row = Record<string, unknown>;

const readers: Record<TargetTable['format'], (path: string) => Promise<Row[]>> = {
  async parquet(path) {
    const parsers = {
      timestampFromMicroseconds: (value: bigint) => value,
      dateFromDays: (value: number) => value,
    };
    // Opened once: a reader that opens it again may find the next publication in its place.
    const file = new Uint8Array(await readFile(path)).buffer;
    const options = { file, parsers };
    return (await parquetReadObjects(options)) as Row[];
  },
  async arrow(path) {
    const table = tableFromIPC(await readFile(path));
    return Array.from({ length: table.numRows }, (_, row) => arrowRow(table, row));
  },
  async csv(path) {
    return parse(await readFile(path), { columns: true });
  },
};

function arrowRow(table: Table, row: number): Row {
  let batch = 0;
  let at = row;
  while (at >= table.batches[batch]!.numRows) at -= table.batches[batch++]!.numRows;
  const entries = table.schema.fields.map(({ name, type }, index) => {
    const vector = table.batches[batch]!.getChildAt(index)!;
    // Dates and times as the numbers they are: the getters cut them to milliseconds.
    const raw = /^(Date|Timestamp)/.test(String(type));
    return [
      name,
      raw ? (vector.data[0]!.values as Int32Array | BigInt64Array)[at] : (vector.get(at) as unknown),
    ];
  });
  return Object.fromEntries(entries) as Row;
}

function keyText(type: KeyType, value: unknown): string {
  if (typeof value === 'string') return value;
  if (type === 'date') return new Date(Number(value) * 86_400_000).toISOString().slice(0, 10);
  if (type !== 'timestamp' && type !== 'timestamptz') return String(value);
  const microseconds = BigInt(value as number | bigint);
  const fraction = BigInt.asUintN(64, ((microseconds % 1_000_000n) + 1_000_000n) % 1_000_000n);
  const milliseconds = Number((microseconds - fraction) / 1000n);
  const text = new Date(milliseconds).toISOString().slice(0, 19);
  return `${text}.${String(fraction).padStart(6, '0')}${type === 'timestamptz' ? 'Z' : ''}`;
}

function outputValue(type: OutputType, value: unknown): Value {
  if (typeof value !== 'string' || type === 'text') return value as Value;
  if (type === 'int8') return BigInt(value);
  if (type === 'bool') return value === 'true';
  return type === 'float4' ? Math.fround(Number(value)) : Number(value);
}
