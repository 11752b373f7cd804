import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { PredawnError } from '../domain/errors.js';
import type { CsvInput } from '../domain/job.js';
import { CARRIAGE_RETURN, LINE_FEED, dialectOf, parserQuotes } from './dialect.js';

/** A header is found in the first mebibyte or not at all. */
const LONGEST_HEADER = 1024 * 1024;
const OTHER_DELIMITERS = [',', ';', '\t', '|'];

/** What the first record of a file shows. */
export interface FirstRecord {
  /** Without its line end. */
  readonly record: Buffer;
  /** How many bytes it takes with the empty lines before it and its line end. */
  readonly length: number;
  readonly lines: number;
  readonly recordEnd: 'lf' | 'cr';
  /** Whether it has a line end. */
  readonly ended: boolean;
}

/** Reads the first record of a CSV text; undefined where there is no byte but line ends. Throws code `csv.header_long`. */
export async function readFirstRecord(
  text: AsyncIterable<Buffer>,
  input: CsvInput,
  displayPath: string,
): Promise<FirstRecord | undefined> {
  let bytes: Buffer = Buffer.alloc(0);
  for await (const piece of text) {
    bytes = Buffer.concat([bytes, piece]);
    const found = findFirstRecord(bytes, input, false);
    if (found !== undefined) return found;
    if (bytes.length > LONGEST_HEADER) {
      throw new PredawnError(
        'data',
        'csv.header_long',
        `${displayPath} has no line end in its first mebibyte`,
        {
          hint: 'Check that it is a CSV file, and input.quote and input.encoding.',
        },
      );
    }
  }
  return findFirstRecord(bytes, input, true);
}

/** `whole`: no more bytes are to come. A CR at the end may else be half of a CRLF. */
function findFirstRecord(bytes: Buffer, input: CsvInput, whole: boolean): FirstRecord | undefined {
  const { quote } = dialectOf(input);
  let quoted = false;
  let lines = 1;
  let start = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === quote) quoted = !quoted;
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN) continue;
    if (byte === CARRIAGE_RETURN && at + 1 === bytes.length && !whole) return undefined;
    const paired = byte === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED;
    const end = paired ? at + 2 : at + 1;
    if (!quoted && at > start) {
      // A CR that ends the whole input may be half of a CRLF as well: nothing follows that could tell.
      const recordEnd = byte === LINE_FEED || paired || end === bytes.length ? 'lf' : 'cr';
      return { record: bytes.subarray(start, at), length: end, lines, recordEnd, ended: true };
    }
    if (!quoted) start = end;
    at = end - 1;
    lines++;
  }
  if (!whole || start === bytes.length) return undefined;
  return { record: bytes.subarray(start), length: bytes.length, lines, recordEnd: 'lf', ended: false };
}

/** Column names of a header record. Throws kind `data`, code `csv.header…` or `csv.encoding`. */
export function parseHeader(first: FirstRecord, input: CsvInput, displayPath: string): readonly string[] {
  const where = `${displayPath}, line ${first.lines}`;
  if (!isUtf8(first.record) || first.record.includes(0)) {
    throw new PredawnError('data', 'csv.encoding', `${where}: the header is not UTF-8 text`, {
      hint: 'Set input.encoding to the encoding the file is written in: latin1 or utf-16le.',
    });
  }
  const names = parseRecord(first.record, input, where);
  checkNames(names, where);
  const [only] = names;
  if (names.length === 1) {
    const other = OTHER_DELIMITERS.find(
      (delimiter) => delimiter !== input.delimiter && only!.includes(delimiter),
    );
    if (other !== undefined) {
      throw new PredawnError('data', 'csv.header_delimiter', `${where}: the header is one column, ${only}`, {
        hint: `Set input.delimiter to ${JSON.stringify(other)}.`,
      });
    }
  }
  return names;
}

/** Throws kind `data`, code `csv.header_empty` or `csv.header_duplicate`. */
export function checkNames(names: readonly string[], where: string): void {
  names.forEach((name, index) => {
    if (name.trim() === '') {
      throw new PredawnError('data', 'csv.header_empty', `${where}: column ${index + 1} has no name`, {
        hint: 'Name every column. pandas writes such a column for its index: use to_csv(…, index=False).',
      });
    }
    const earlier = names.indexOf(name);
    if (earlier < index) {
      throw new PredawnError(
        'data',
        'csv.header_duplicate',
        `${where}: columns ${earlier + 1} and ${index + 1} are both named ${name}`,
        { hint: 'Give every column a name of its own.' },
      );
    }
  });
}

function parseRecord(bytes: Buffer, input: CsvInput, where: string): readonly string[] {
  try {
    const records: string[][] = parse(bytes, {
      delimiter: input.delimiter,
      ...parserQuotes(input.quote),
      record_delimiter: '\n',
    });
    return records[0] ?? [];
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    throw new PredawnError('data', 'csv.header_quote', `${where}: the header's quotes do not match`, {
      hint: 'Check the header line, input.delimiter and input.quote.',
      cause,
    });
  }
}
