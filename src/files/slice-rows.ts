import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { parse } from 'csv-parse';
import type { OutputType } from '../domain/columns.js';
import type { FileFormat } from '../domain/job.js';
import type { TargetTable } from '../domain/publication.js';
import { keyText, type RawKey, rawParsers, rawValue } from './staged-keys.js';

export type OutputValue = number | bigint | boolean | string;

export interface SliceRow {
  /** One text for each key column. */
  readonly key: readonly string[];
  /** Undefined for an output that the file does not have. */
  readonly outputs: readonly (OutputValue | undefined)[];
}

type Columns = Pick<TargetTable, 'keys' | 'outputs'>;

/** Reads the keys and outputs of a predictions file, a piece of the file at a time. */
export function readRows(path: string, format: FileFormat, columns: Columns): AsyncGenerator<SliceRow> {
  switch (format) {
    case 'parquet':
      return parquetRows(path, columns);
    case 'arrow':
      return arrowRows(path, columns);
    case 'csv':
      return csvRows(path, columns);
  }
}

async function* parquetRows(path: string, { keys, outputs }: Columns): AsyncGenerator<SliceRow> {
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const there = new Set(metadata.schema.map(({ name }) => name));
  const columns = [...keys, ...outputs].map(({ name }) => name).filter((name) => there.has(name));
  let start = 0;
  for (const group of metadata.row_groups) {
    const end = start + Number(group.num_rows);
    const options = { file, metadata, columns, rowStart: start, rowEnd: end, parsers: rawParsers };
    for (const row of end > start ? await parquetReadObjects(options) : []) {
      yield {
        key: keys.map(({ name, type }) => keyText(type, row[name] as RawKey)),
        outputs: outputs.map(({ name }) => row[name] as OutputValue | undefined),
      };
    }
    start = end;
  }
}

async function* arrowRows(path: string, { keys, outputs }: Columns): AsyncGenerator<SliceRow> {
  const { RecordBatchReader } = await import('apache-arrow');
  const file = await open(path);
  try {
    for await (const batch of await RecordBatchReader.from(file)) {
      const keyColumns = keys.map(({ name, type }) => ({ type, vector: batch.getChild(name)! }));
      const outputColumns = outputs.map(({ name }) => batch.getChild(name) ?? undefined);
      for (let row = 0; row < batch.numRows; row++) {
        yield {
          key: keyColumns.map(({ type, vector }) => keyText(type, rawValue(vector, type, row))),
          outputs: outputColumns.map((vector) => vector?.get(row) as OutputValue | undefined),
        };
      }
    }
  } finally {
    await file.close();
  }
}

async function* csvRows(path: string, { keys, outputs }: Columns): AsyncGenerator<SliceRow> {
  let names: readonly string[] | undefined;
  for await (const record of createReadStream(path).pipe(parse()) as AsyncIterable<readonly string[]>) {
    if (names === undefined) {
      names = record;
      continue;
    }
    const field = (name: string) => record[names!.indexOf(name)];
    yield {
      key: keys.map(({ name }) => field(name)!),
      outputs: outputs.map(({ name, type }) => csvValue(type, field(name))),
    };
  }
}

function csvValue(type: OutputType, text: string | undefined): OutputValue | undefined {
  if (text === undefined || type === 'text') return text;
  if (type === 'int8') return BigInt(text);
  if (type === 'bool') return text === 'true';
  return type === 'float4' ? Math.fround(Number(text)) : Number(text);
}
