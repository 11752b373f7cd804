import { isUtf8 } from 'node:buffer';
import { inspect } from 'node:util';
import { expect, it } from 'vitest';
import { RecordCutter } from '../../src/csv/cutter.js';
import { makeDecoder } from '../../src/csv/decoder.js';
import { dialectOf } from '../../src/csv/dialect.js';
import { Kernel } from '../../src/csv/kernel.js';
import { type BlockDecoder, BlockError, type CsvDecoderSpec } from '../../src/domain/codecs.js';
import { keyTexts, planOf } from '../csv/csv-helpers.js';
import { eachCase, report, TIMES, timeoutFor } from './cases.js';
import {
  type Column,
  type Document,
  randomColumns,
  randomDocument,
  randomWriting,
  type Writing,
} from './csv-documents.js';
import { type Meaning, meaningOf, referenceFields } from './csv-meaning.js';
import type { Random } from './random.js';

// Half of the time would go into stacks of errors that are only looked at for their codes.
Error.stackTraceLimit = 0;

const DOCUMENTS = 250;
const CASES = 100_000;

/** The two ways that predawn has to read a block: its compiled loops, and those that say what is right. */
interface Reader {
  readonly name: string;
  readonly spec: CsvDecoderSpec;
  readonly kernel: Kernel | undefined;
  readonly decoder: BlockDecoder;
}

function readersOf({ spec }: Writing, columns: readonly Column[]): [compiled: Reader, plain: Reader] {
  const plan = planOf(
    columns.map(({ name }) => name),
    [columns[0]!.name],
    columns.map(({ name, type, missing }) => ({ column: name, type, missing })),
  );
  const open = () => Kernel.open(dialectOf(spec).quote);
  const reader = (kernel: Kernel | undefined): Reader => ({
    ...{ name: kernel === undefined ? 'TypeScript' : 'compiled', spec, kernel: kernel && open() },
    decoder: makeDecoder(spec, plan, kernel),
  });
  return [reader(open()), reader(undefined)];
}

/** What a reader makes of a document that comes in pieces and is cut into blocks. */
function read({ spec, kernel, decoder }: Reader, bytes: Buffer, blockBytes: number, piece: number): Meaning {
  const cutter = new RecordCutter({ dialect: dialectOf(spec), blockBytes, location: 'rows.csv', kernel });
  const rows: unknown[][] = [];
  const keys: string[] = [];
  const rejects: unknown[] = [];
  let readRows = 0;
  let lines = 0;
  let inexactIntegers = 0;
  const take = (block: Uint8Array<ArrayBuffer>): void => {
    const decoded = decoder.decode({ sequence: 0, bytes: block });
    const columns = decoded.tensors.map((tensor) => [...tensor] as unknown[]);
    for (let row = 0; row < decoded.rows; row++) rows.push(columns.map((column) => column[row]));
    keys.push(...decoded.keys.flatMap(keyTexts));
    for (const { line, raw, code, column } of decoded.rejects)
      rejects.push({ line: line + lines, raw, code, column });
    readRows += decoded.read;
    lines += decoded.lines;
    inexactIntegers += decoded.inexactIntegers;
  };
  try {
    for (let at = 0; at < bytes.length; at += piece)
      for (const block of cutter.push(bytes.subarray(at, at + piece))) take(block);
    const { block } = cutter.end();
    if (block !== undefined) take(block);
  } catch (error) {
    if (!(error instanceof BlockError)) throw error;
    const fault = FAULTS[error.code];
    if (fault === undefined) throw error;
    return { fault, line: lines + error.line } as Meaning;
  }
  return { read: readRows, rows, keys, rejects, inexactIntegers } as Meaning;
}

const FAULTS: Readonly<Record<string, string>> = {
  'csv.quote': 'quote',
  'csv.unterminated_quote': 'lost',
  'csv.encoding': 'encoding',
};

/** What a document should mean; undefined where csv-parse and predawn are meant to differ, or the bytes are no text. */
function expected(
  { bytes, records }: Document,
  columns: readonly Column[],
  spec: CsvDecoderSpec,
): Meaning | undefined {
  if (!isUtf8(bytes)) return undefined;
  const fields = referenceFields(bytes, spec);
  return 'fault' in fields ? fields : meaningOf(fields, columns, { records });
}

/** csv-parse takes a NUL behind a closing quote for nothing. */
const isMeantToDiffer = ({ bytes }: Document, { quote }: CsvDecoderSpec) =>
  quote !== undefined && bytes.includes(`${quote}\0`);

function withoutPlaces(meaning: Meaning): Meaning {
  if ('fault' in meaning) return { fault: meaning.fault };
  return {
    ...meaning,
    rejects: meaning.rejects.map(({ code, column }) => ({ line: 0, raw: '', code, column })),
  };
}

interface Failure {
  readonly what: string;
  readonly found: unknown;
  readonly should: unknown;
}

/** What is wrong with how a document is read, if anything is; else how it was read. */
function check(
  document: Document,
  columns: readonly Column[],
  [compiled, plain]: readonly [Reader, Reader],
  [blockBytes, piece]: readonly [number, number],
): { readonly failure: Failure } | { readonly meaning: Meaning } {
  const { bytes } = document;
  const all = bytes.length + 1;
  const meaning = read(plain, bytes, all, all);
  const inBlocks = (reader: Reader): [string, Meaning] => [
    `${reader.name}, in blocks of ${blockBytes}`,
    read(reader, bytes, blockBytes, piece),
  ];
  const ways: [string, Meaning][] =
    piece % 4 === 0
      ? [['compiled, in one block', read(compiled, bytes, all, all)], inBlocks(plain)]
      : [inBlocks(compiled)];
  for (const [what, found] of ways) {
    // Bytes that are no UTF-8 and a quote that is amiss: which one is met first depends on the blocks.
    const either = 'fault' in found && 'fault' in meaning && meaning.fault === 'encoding';
    if (!either && textOf(found) !== textOf(meaning)) return { failure: { what, found, should: meaning } };
  }
  const { spec } = plain;
  if (isMeantToDiffer(document, spec)) return { meaning };
  const should = expected(document, columns, spec);
  if (should === undefined) {
    if ('fault' in meaning) return { meaning };
    return { failure: { what: 'bytes that are no UTF-8', found: meaning, should } };
  }
  const places = document.records !== undefined && 'rows' in meaning;
  const found = places ? meaning : withoutPlaces(meaning);
  if (textOf(found) === textOf(should)) return { meaning };
  return { failure: { what: 'csv-parse', found, should } };
}

/** Everything in a meaning, for comparison: faster than to walk through two of them. */
function textOf(meaning: Meaning): string {
  if ('fault' in meaning) return `${meaning.fault} ${(meaning as { line?: number }).line ?? ''}`;
  const { read, keys, rows, rejects, inexactIntegers } = meaning;
  const values = rows.map((row) => row.map(valueText).join('\u0001')).join('\u0002');
  const refused = rejects.map(({ line, raw, code, column }) => [line, raw, code, column].join('\u0001'));
  return [read, inexactIntegers, keys.join('\u0001'), values, refused.join('\u0002')].join('\u0003');
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  return Object.is(value, -0) ? '-0' : `${typeof value} ${String(value)}`;
}

/** The same failure of a document with as little in it as possible. */
function shrunk(
  bytes: Buffer,
  failureOf: (bytes: Buffer) => Failure | undefined,
): { text: string; failure: Failure } | undefined {
  let failure = failureOf(bytes);
  if (failure === undefined) return undefined;
  for (let size = bytes.length >> 1; size > 0; size >>= 1) {
    for (let at = 0; at + size <= bytes.length;) {
      const less = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
      const still = failureOf(less);
      if (still === undefined) at += size;
      else [bytes, failure] = [less, still];
    }
  }
  return { text: bytes.toString('latin1'), failure };
}

function randomCut(random: Random, { bytes }: Document): [number, number] {
  return [
    random.between(1, random.pick([8, 40, bytes.length + 1])),
    random.between(1, random.pick([5, 64, 400])),
  ];
}

it(
  `${CASES.toLocaleString('en')} documents mean what csv-parse reads in them`,
  { timeout: timeoutFor(30) },
  async () => {
    let faulty = 0;
    let rejected = 0;
    let scored = 0;
    await eachCase('CSV', CASES / DOCUMENTS, (random) => {
      const writing = randomWriting(random);
      const columns = randomColumns(random);
      // Used for many blocks, as in a run: what is left of the one before must not show.
      const readers = readersOf(writing, columns);
      for (let number = 0; number < DOCUMENTS; number++) {
        const document = randomDocument(random, columns, writing);
        const cut = randomCut(random, document);
        const checked = check(document, columns, readers, cut);
        if ('failure' in checked) {
          const alone = shrunk(document.bytes, (bytes) => {
            const fresh = check({ bytes, records: undefined }, columns, readersOf(writing, columns), cut);
            return 'failure' in fresh ? fresh.failure : undefined;
          });
          const text = document.bytes.toString('latin1');
          throw new Error(inspect({ ...writing, columns, cut, text, ...checked, alone }, false, 9));
        }
        const { meaning } = checked;
        if ('fault' in meaning) faulty++;
        else {
          scored += meaning.rows.length;
          rejected += meaning.rejects.length;
        }
      }
    });
    const cases = CASES * TIMES;
    report('CSV documents', cases);
    // Not too many of one sort.
    expect(faulty).toBeGreaterThan(cases / 50);
    expect(rejected).toBeGreaterThan(cases / 5);
    expect(scored).toBeGreaterThan(cases / 2);
  },
);
