import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect, isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { makeCsvDecoder } from '../../src/csv/decoder.js';
import { openCsvSource } from '../../src/csv/source.js';
import { BlockError, type CsvDecoderSpec } from '../../src/domain/codecs.js';
import { PredawnError } from '../../src/domain/errors.js';
import type { CsvInput } from '../../src/domain/job.js';
import { planOf } from '../csv/csv-helpers.js';
import { eachCase, report, TIMES, timeoutFor } from './cases.js';
import { randomDocument, randomWriting } from './csv-documents.js';
import type { Random } from './random.js';

/** Whole files, with header, in every encoding, through the file system: fewer than the documents in memory. */
const CASES = 1500;
const never = new AbortController().signal;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predawn-fuzz-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Encoding = CsvInput['encoding'];
const NAMES = ['id', 'größe', 'a "b"', 'x,y', ' spaced ', '名前', 'line\nbreak', "it's"];

function header(random: Random, { delimiter, quote = '' }: CsvDecoderSpec, encoding: Encoding): string[] {
  const fits = (name: string) =>
    (quote !== '' || ![delimiter, '\n'].some((special) => name.includes(special))) &&
    (encoding !== 'latin1' || !name.includes('名'));
  const names = NAMES.filter(fits);
  const from = random.below(names.length);
  return Array.from({ length: random.between(2, 4) }, (_, at) => names[(from + at) % names.length]!);
}

const written = (name: string, quote: string | undefined) =>
  quote === undefined ? name : quote + name.replaceAll(quote, quote + quote) + quote;

function encoded(random: Random, text: string, encoding: Encoding): Buffer {
  const mark = encoding !== 'latin1' && random.oneIn(2) ? '\ufeff' : '';
  const bytes = Buffer.from(mark + text, encoding === 'utf-16le' ? 'utf16le' : encoding);
  return random.oneIn(4) ? gzipSync(bytes, { level: 1 }) : bytes;
}

/** What predawn reads: names of columns and rows; or the code of what it refuses the file for. */
async function ours(
  path: string,
  spec: CsvDecoderSpec,
  encoding: Encoding,
  blockBytes: number,
): Promise<unknown> {
  const { delimiter, quote } = spec;
  const input = { path, delimiter, quote, encoding, header: undefined, finalNewline: 'optional' as const };
  try {
    const source = await openCsvSource({
      ...{ path, displayPath: 'rows.csv', job: 'churn', asOf: '2026-11-20', input, blockBytes },
    });
    try {
      const names = source.description.columns.map(({ name }) => name);
      const features = names.map((column) => ({
        column,
        ...{ type: 'string' as const, missing: { then: 'fill' as const, value: '', tokens: [] } },
      }));
      const decoder = makeCsvDecoder(
        source.description.decoder as CsvDecoderSpec,
        planOf(names, [], features),
      );
      const rows: string[][] = [];
      let ragged = 0;
      for await (const block of source.blocks(never)) {
        const decoded = decoder.decode(block);
        const columns = decoded.tensors.map((tensor) => [...tensor] as string[]);
        for (let row = 0; row < decoded.rows; row++) rows.push(columns.map((column) => column[row]!));
        ragged += decoded.rejects.filter(({ code }) => code === 'field_count').length;
      }
      await source.summary();
      return { names, rows, ragged };
    } finally {
      await source.close();
    }
  } catch (error) {
    if (error instanceof BlockError || error instanceof PredawnError) return error.code;
    throw error;
  }
}

/** The same by csv-parse, which knows marks and encodings by itself. */
function theirs(
  bytes: Buffer,
  { delimiter, quote }: CsvDecoderSpec,
  recordEnd: string[],
  encoding: Encoding,
) {
  try {
    const [names, ...records] = parse(bytes, {
      ...{ delimiter, quote: quote ?? null, escape: quote ?? null, record_delimiter: recordEnd, bom: true },
      encoding: encoding === 'utf-16le' ? 'utf16le' : encoding === 'utf-8' ? 'utf8' : encoding,
      ...{ skip_empty_lines: true, relax_column_count: true },
    });
    const whole = records.filter(({ length }) => length === names!.length);
    const rows = whole.filter((fields) => !fields.some((field) => field.includes('\0')));
    return { names, rows, ragged: records.length - whole.length, last: records.at(-1)?.length };
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}

it(`${CASES} files in every encoding`, { timeout: timeoutFor(20) }, async () => {
  const outcomes = new Map<string, number>();
  await eachCase('CSV files', CASES, async (random) => {
    const { spec, lineEnds } = randomWriting(random);
    const encoding = random.pick(['utf-8', 'utf-8', 'utf-16le', 'latin1'] as const);
    const names = header(random, spec, encoding);
    const columns = names.map((name) => ({
      name,
      type: 'string' as const,
      missing: { then: 'reject' as const, tokens: [] },
    }));
    const document = randomDocument(random, columns, { spec, lineEnds });
    // The header's CR would be half of a CRLF.
    if (spec.recordEnd === 'cr' && document.bytes[0] === 10) return;
    const end = lineEnds[0]!;
    const line = names.map((name) => written(name, spec.quote)).join(spec.delimiter);
    const text = `${random.oneIn(5) ? end : ''}${line}${end}${document.bytes.toString()}`;
    const latin = encoding === 'latin1' ? Buffer.from(text, 'latin1').toString('latin1') : text;
    if (latin.includes(`${spec.quote ?? ''}\0`)) return;
    const path = join(folder, 'rows.csv');
    await writeFile(path, encoded(random, latin, encoding));

    const found = await ours(path, spec, encoding, random.between(1, 200));
    // A CR that ends the input is a line end.
    const isEnd = spec.recordEnd === 'lf' && latin.endsWith('\r') && latin.length > line.length + 2;
    const raw = Buffer.from(isEnd ? `${latin}\n` : latin, encoding === 'utf-16le' ? 'utf16le' : encoding);
    const { last, ...should } = asObject(
      theirs(raw, spec, spec.recordEnd === 'cr' ? ['\r'] : ['\r\n', '\n'], encoding),
    );
    // Of a file that csv-parse can't read, the last record is looked at first, too.
    // Of a file that csv-parse can't read, the last record is looked at, too. A CR alone is half of a CRLF.
    const isCut = last === undefined || last < names.length || latin.endsWith('\n\r');
    const isUnended = !latin.endsWith(spec.recordEnd === 'cr' ? '\r' : '\n') && isCut;
    const same =
      typeof found === 'string' ? agrees(found, should, isUnended) : isDeepStrictEqual(found, should);
    const outcome = typeof found === 'string' ? found : 'read';
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (!same) throw new Error(inspect({ spec, encoding, names, text: latin, found, should }, false, 6));
  });
  report('CSV files', CASES * TIMES);
  expect([...outcomes.keys()].sort()).toEqual(
    expect.arrayContaining(['csv.quote', 'csv.unterminated_quote', 'input.truncated', 'read']),
  );
});

function asObject(reference: ReturnType<typeof theirs>) {
  return typeof reference === 'string' ? { code: reference, last: undefined } : reference;
}

/** Whether predawn refuses a file for what csv-parse refuses it for, or for its last record, which is cut short. */
function agrees(code: string, should: object, isUnended: boolean): boolean {
  const { code: theirCode } = should as { code?: string };
  if (code === 'input.truncated') return isUnended;
  if (code === 'csv.unterminated_quote') return theirCode === 'CSV_QUOTE_NOT_CLOSED';
  return (
    code === 'csv.quote' && ['CSV_INVALID_CLOSING_QUOTE', 'INVALID_OPENING_QUOTE'].includes(String(theirCode))
  );
}
