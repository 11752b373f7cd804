import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Vector } from 'apache-arrow';
import { parse } from 'csv-parse';
import type { KeyType } from '../domain/columns.js';
import type { TargetTable } from '../domain/publication.js';
import { dateText, timestampText } from './key-values.js';

type Rows = ReadonlySet<number>;
type Keys = Map<number, readonly string[]>;

/** The keys of some rows of a predictions file, as texts, by row number. Reads the file piece by piece. */
export async function readStagedKeys(path: string, target: TargetTable, rows: Rows): Promise<Keys> {
  switch (target.format) {
    case 'parquet':
      return parquetKeys(path, target.keys, rows);
    case 'arrow':
      return arrowKeys(path, target.keys, rows);
    case 'csv':
      return csvKeys(path, target.keys.length, rows);
  }
}

async function parquetKeys(path: string, keys: TargetTable['keys'], rows: Rows): Promise<Keys> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const found: Keys = new Map();
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    const wanted = [...rows].filter((row) => row >= start && row < end);
    if (wanted.length > 0) {
      const columns = keys.map(({ name }) => name);
      const options = { file, metadata, columns, rowStart: start, rowEnd: end, parsers: rawParsers };
      const objects = await parquetReadObjects(options);
      for (const row of wanted) {
        const object = objects[row - start]!;
        found.set(
          row,
          keys.map(({ name, type }) => keyText(type, object[name] as RawKey)),
        );
      }
    }
    start = end;
  }
  return found;
}

export const rawParsers = {
  timestampFromMicroseconds: (value: bigint) => value,
  dateFromDays: (value: number) => value,
};

async function arrowKeys(path: string, keys: TargetTable['keys'], rows: Rows): Promise<Keys> {
  const { RecordBatchReader } = await import('apache-arrow');
  const file = await open(path);
  try {
    const found: Keys = new Map();
    const reader = await RecordBatchReader.from(file);
    let start = 0;
    for await (const batch of reader) {
      for (let row = 0; row < batch.numRows; row++) {
        if (!rows.has(start + row)) continue;
        const raw = (index: number): RawKey => rawValue(batch.getChildAt(index)!, keys[index]!.type, row);
        found.set(
          start + row,
          keys.map(({ type }, index) => keyText(type, raw(index))),
        );
      }
      start += batch.numRows;
    }
    return found;
  } finally {
    await file.close();
  }
}

/** Arrow's own getters give times as milliseconds. */
export function rawValue(vector: Vector, type: KeyType, row: number): RawKey {
  if (type === 'text' || type === 'uuid') return vector.get(row) as string;
  return (vector.data[0]!.values as Int32Array | BigInt64Array)[row]!;
}

async function csvKeys(path: string, count: number, rows: Rows): Promise<Keys> {
  const found: Keys = new Map();
  let row = -1;
  for await (const record of createReadStream(path).pipe(parse())) {
    if (rows.has(row)) found.set(row, (record as string[]).slice(0, count));
    row++;
  }
  return found;
}

export type RawKey = string | number | bigint;

export function keyText(type: KeyType, value: RawKey): string {
  if (type === 'date') return dateText(Number(value));
  if (type === 'timestamp' || type === 'timestamptz')
    return timestampText(BigInt(value), type === 'timestamptz');
  return String(value);
}

/** The keys that occur more than once among those whose hash is the same. */
export function repeated(keys: readonly (readonly string[])[]): readonly string[] {
  const texts = keys.map((key) => JSON.stringify(key));
  const twice = keys.filter(
    (_, index) => texts.indexOf(texts[index]!) === index && texts.lastIndexOf(texts[index]!) > index,
  );
  return twice.map((key) => key.join(', '));
}
