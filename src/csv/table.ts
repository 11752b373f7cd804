import { open } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse/sync';
import type { CsvDecoderSpec } from '../domain/codecs.js';
import { PredawnError } from '../domain/errors.js';
import type { TextTable } from '../domain/text-table.js';
import { checkNames } from './header.js';
import { guessDelimiter, guessEncoding } from './sample.js';

const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Reads a whole, small CSV file that a person named, its dialect guessed.
 *
 * @param shown the path for messages
 * @throws PredawnError kind `usage` for a file that can't be read, kind `data` for one that is no CSV with a header
 */
export async function readCsvTable(file: string, shown: string): Promise<TextTable> {
  const bytes = await readWhole(file, shown);
  const text = new TextDecoder(guessEncoding(bytes)).decode(bytes);
  const [header = ''] = text.split(/\r\n|\n|\r/, 1);
  const [columns = [], ...rows] = parseTable(text, guessDelimiter(header), shown);
  checkNames(columns, `${shown}, line 1`);
  return { path: shown, columns, rows };
}

async function readWhole(file: string, shown: string): Promise<Uint8Array> {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      if (size > MOST_BYTES) throw tooLarge(shown);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (cause instanceof PredawnError) throw cause;
    throw new PredawnError('usage', 'table.file', `${shown} can't be read.`, {
      hint: 'Give the path of a CSV file with a header line.',
      cause,
    });
  }
}

function tooLarge(shown: string): PredawnError {
  return new PredawnError('usage', 'table.large', `${shown} is larger than ${MOST_BYTES >> 20} MiB.`, {
    hint: 'Give fewer rows: a hundred golden ones are enough, and for a profile some ten thousand drawn at random.',
  });
}

function parseTable(text: string, delimiter: string, shown: string): string[][] {
  try {
    return parse(text, { bom: true, delimiter, skip_empty_lines: true });
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    // The rest of csv-parse's message may quote the row.
    const line = cause['lines'] as number | undefined;
    throw new PredawnError(
      'data',
      'table.csv',
      `${shown}${line === undefined ? '' : `, line ${line}`}: can't be read as CSV with ${JSON.stringify(delimiter)} between its fields.`,
      {
        hint: 'Quote fields that hold the delimiter, and give every row as many fields as the header.',
        cause,
      },
    );
  }
}

/** Records of CSV that mean a table, and how they are written: what a day's file with those rows would hold. */
export function tableAsCsv({ rows }: TextTable): {
  readonly decoder: CsvDecoderSpec;
  readonly bytes: Uint8Array<ArrayBuffer>;
} {
  const records = rows.map((row) => `${row.map(quoted).join(',')}\n`);
  return {
    decoder: { kind: 'csv', delimiter: ',', quote: '"', recordEnd: 'lf' },
    bytes: new Uint8Array(Buffer.from(records.join(''))),
  };
}

function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}
