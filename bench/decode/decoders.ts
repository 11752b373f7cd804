import { closeSync, openSync, readSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { RecordCutter } from '../../src/csv/cutter.js';
import { makeCsvDecoder } from '../../src/csv/decoder.js';
import { dialectOf } from '../../src/csv/dialect.js';
import type { DecodePlan } from '../../src/domain/columns.js';
import type { Table } from './tables.js';

const BLOCK_BYTES = 1024 * 1024;
const READ_BYTES = 256 * 1024;
const NEW_LINE = 10;
const SPEC = { kind: 'csv', delimiter: ',', quote: '"' } as const;

/** Decodes a file with csv-parse, block by block, to a typed array or an array of strings per column; returns its rows. */
export function decodeWithCsvParse(file: string, { types }: Table): number {
  let rows = 0;
  for (const block of blocksOf(file)) {
    // As arrays, which is faster than objects.
    const records: string[][] = parse(block as Buffer, { skip_empty_lines: true });
    const columns = types.map((type) =>
      type === 'float32' ? new Float32Array(records.length) : new Array<string>(records.length),
    );
    records.forEach((fields, row) => {
      types.forEach((type, column) => {
        const text = fields[column]!;
        if (type === 'float32') columns[column]![row] = text.trim() === '' ? NaN : Number(text);
        else columns[column]![row] = text;
      });
    });
    rows += records.length;
  }
  return rows;
}

/** Decodes a file as a run does, but on one thread; returns its rows. */
export function decodeWithPredawn(file: string, plan: DecodePlan): number {
  const decoder = makeCsvDecoder(SPEC, plan);
  let rows = 0;
  let sequence = 0;
  for (const bytes of blocksOf(file)) {
    const block = decoder.decode({ sequence: sequence++, bytes });
    if (block.rejects.length > 0)
      throw new Error(`line ${block.rejects[0]!.line}: ${block.rejects[0]!.code}`);
    rows += block.rows;
  }
  return rows;
}

/** A file without its header line, cut into blocks of whole records. */
function* blocksOf(file: string): Generator<Uint8Array<ArrayBuffer>> {
  const cutter = new RecordCutter({ dialect: dialectOf(SPEC), blockBytes: BLOCK_BYTES, location: file });
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let header = true;
    for (;;) {
      const length = readSync(descriptor, buffer);
      if (length === 0) break;
      const start = header ? buffer.indexOf(NEW_LINE) + 1 : 0;
      header = false;
      yield* cutter.push(buffer.subarray(start, length));
    }
    const { block } = cutter.end();
    if (block !== undefined) yield block;
  } finally {
    closeSync(descriptor);
  }
}
