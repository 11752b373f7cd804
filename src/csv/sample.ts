import { open } from 'node:fs/promises';
import { gunzipSync, constants } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { PredawnError } from '../domain/errors.js';
import type { TextEncoding } from '../domain/job.js';

const SAMPLE_BYTES = 1 << 20;
const DELIMITERS = [',', ';', '\t', '|'] as const;

/** The first rows of a CSV file as texts, and how the file seems to be written. */
export interface CsvSample {
  readonly delimiter: string;
  readonly encoding: TextEncoding;
  /** Whether the last record has a line end; undefined where the sample does not reach the end. */
  readonly endsWithNewline: boolean | undefined;
  readonly rows: readonly Record<string, string>[];
}

/**
 * Guesses the dialect of a CSV file from its first megabyte and reads its first rows: for `init`, never for scoring.
 *
 * @throws PredawnError kind `usage` for a file that can't be read or is no CSV with a header
 */
export async function sampleCsv(file: string, limit: number): Promise<CsvSample> {
  const { bytes, whole } = await firstBytes(file);
  const encoding = guessEncoding(bytes);
  const text = new TextDecoder(encoding).decode(bytes);
  const [header = ''] = text.split(/\r\n|\n|\r/, 1);
  const delimiter = guessDelimiter(header);
  try {
    const rows: Record<string, string>[] = parse(text, {
      columns: true,
      bom: true,
      delimiter,
      to: limit,
      skip_empty_lines: true,
      // The sample may end in the middle of a record.
      relax_column_count: true,
    });
    return { delimiter, encoding, rows, endsWithNewline: whole ? /[\r\n]$/.test(text) : undefined };
  } catch (cause) {
    throw new PredawnError('usage', 'init.csv', `${file} can't be read as CSV with a header line.`, {
      hint: 'Write the job file by hand: predawn schema job describes it.',
      cause,
    });
  }
}

async function firstBytes(file: string): Promise<{ bytes: Buffer; whole: boolean }> {
  const handle = await open(file).catch((cause: unknown) => {
    throw new PredawnError('usage', 'init.csv', `${file} can't be opened.`, {
      hint: 'Give the path of a CSV file.',
      cause,
    });
  });
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
    const bytes = buffer.subarray(0, bytesRead);
    const whole = bytesRead < SAMPLE_BYTES;
    const zipped = bytes[0] === 0x1f && bytes[1] === 0x8b;
    // Z_SYNC_FLUSH: what was cut off is simply not there.
    return { bytes: zipped ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }) : bytes, whole };
  } finally {
    await handle.close();
  }
}

/** UTF-8 where the bytes are that, UTF-16 where they begin with its mark, else Latin-1. */
export function guessEncoding(bytes: Uint8Array): TextEncoding {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  try {
    // `stream`: a character that the sample cuts in two is no error.
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return 'utf-8';
  } catch {
    return 'latin1';
  }
}

/** The likeliest delimiter of a header line: the one that occurs most in it. */
export function guessDelimiter(header: string): string {
  const counts = DELIMITERS.map((delimiter) => ({ delimiter, count: header.split(delimiter).length }));
  return counts.reduce((best, each) => (each.count > best.count ? each : best)).delimiter;
}
