/*
 * Decoding CSV to typed columns on one thread: csv-parse against our decoder, on the same blocks.
 *
 *   npx tsx bench/decode-csv.ts [rows]
 *
 * Both get record-aligned blocks of about 1 MiB and leave one typed array or array of strings per column. csv-parse
 * makes its records as arrays (faster than objects), which are then converted with Number(). The runs alternate; the
 * figures are medians of five.
 */
import { parse } from 'csv-parse/sync';
import { customerCsvChunks } from '../data-samples/generate.js';
import { RecordCutter } from '../src/csv/cutter.js';
import { makeCsvDecoder } from '../src/csv/decoder.js';
import { dialectOf } from '../src/csv/dialect.js';
import type { DecodePlan, FeatureSlot, FeatureType } from '../src/domain/columns.js';

const ROUNDS = 5;
const BLOCK_BYTES = 1024 * 1024;
const SPEC = { kind: 'csv', delimiter: ',', quote: '"' } as const;

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  /** `undefined` is the key. */
  readonly types: readonly (FeatureType | undefined)[];
  readonly lines: () => Iterable<string>;
}

const TEXT_COLUMNS = new Set(
  'customer_name city region plan contract payment_method signup_date has_fibre has_tv paperless'.split(' '),
);

/** The sample customers: 11 columns of text, 13 of numbers, some of them empty. */
function customerTable(rows: number): Table {
  const chunks = () => customerCsvChunks({ asOf: '2026-11-21', rows, seed: 5 });
  const [first = ''] = chunks();
  const columns = first.slice(0, first.indexOf('\n')).split(',');
  return {
    name: 'customers',
    columns,
    types: columns.map((name, index) =>
      index === 0 ? undefined : TEXT_COLUMNS.has(name) ? 'string' : 'float32',
    ),
    *lines() {
      let header = true;
      for (const chunk of chunks()) {
        yield header ? chunk.slice(chunk.indexOf('\n') + 1) : chunk;
        header = false;
      }
    },
  };
}

/** A key and 23 numbers: eight integers, eight prices, seven measurements of up to six decimals. */
function numberTable(rows: number): Table {
  const columns = ['id', ...Array.from({ length: 23 }, (_, index) => `x${index}`)];
  return {
    name: 'numbers',
    columns,
    types: columns.map((_, index) => (index === 0 ? undefined : 'float32')),
    *lines() {
      let state = 7;
      const random = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
      for (let row = 0; row < rows; row++) {
        const fields = columns.map((_, index) => {
          if (index === 0) return `C-${row + 1_000_000}`;
          if (index <= 8) return String(Math.floor(random() * 10 ** (1 + (index % 6))));
          if (index <= 16) return (random() * 10 ** (1 + (index % 4))).toFixed(2);
          return String(Number(((random() - 0.5) * 100).toFixed(6)));
        });
        yield fields.join(',') + '\n';
      }
    },
  };
}

function quoteEveryField(text: string): string {
  const records: string[][] = parse(text);
  return records
    .map((fields) => fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(',') + '\n')
    .join('');
}

function blocksOf({ lines }: Table, change: (text: string) => string): Uint8Array<ArrayBuffer>[] {
  const cutter = new RecordCutter({ dialect: dialectOf(SPEC), blockBytes: BLOCK_BYTES, location: 'bench' });
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  for (const text of lines()) blocks.push(...cutter.push(Buffer.from(change(text))));
  const { block } = cutter.end();
  if (block !== undefined) blocks.push(block);
  return blocks;
}

function planOf({ columns, types }: Table): DecodePlan {
  const features = types.flatMap((type, sourceIndex): Omit<FeatureSlot, 'input' | 'offset'>[] =>
    type === undefined
      ? []
      : [
          {
            column: columns[sourceIndex]!,
            sourceIndex,
            type,
            missing:
              type === 'string' ? { then: 'fill', value: '', tokens: [] } : { then: 'nan', tokens: [' '] },
          },
        ],
  );
  return {
    columns,
    keys: [{ column: columns[0]!, sourceIndex: 0, type: 'text' }],
    features: features.map((feature, input) => ({ ...feature, input, offset: 0 })),
    inputs: features.map(({ column, type }) => ({ name: column, type, width: 1 })),
  };
}

function decodeWithCsvParse({ types }: Table, blocks: readonly Uint8Array[]): number {
  let rows = 0;
  for (const block of blocks) {
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

function decodeWithPredawn(plan: DecodePlan, blocks: readonly Uint8Array<ArrayBuffer>[]): number {
  const decoder = makeCsvDecoder(SPEC, plan);
  let rows = 0;
  blocks.forEach((bytes, sequence) => {
    const block = decoder.decode({ sequence, bytes });
    if (block.rejects.length > 0)
      throw new Error(`line ${block.rejects[0]!.line}: ${block.rejects[0]!.code}`);
    rows += block.rows;
  });
  return rows;
}

function seconds(work: () => number, rows: number): number {
  const start = performance.now();
  const decoded = work();
  const elapsed = (performance.now() - start) / 1000;
  if (decoded !== rows) throw new Error(`${decoded} rows were decoded of ${rows}`);
  return elapsed;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

const rows = Number(process.argv[2] ?? 200_000);
for (const table of [customerTable(rows), numberTable(rows)]) {
  for (const [variant, change] of [
    ['plain', (text: string) => text],
    ['every field quoted', quoteEveryField],
  ] as const) {
    const blocks = blocksOf(table, change);
    const megabytes = blocks.reduce((sum, block) => sum + block.length, 0) / 1e6;
    const plan = planOf(table);
    const times = { reference: [] as number[], ours: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      times.reference.push(seconds(() => decodeWithCsvParse(table, blocks), rows));
      times.ours.push(seconds(() => decodeWithPredawn(plan, blocks), rows));
    }
    const [reference, ours] = [megabytes / median(times.reference), megabytes / median(times.ours)];
    console.log(
      `${table.name}, ${variant}: ${rows} rows, ${megabytes.toFixed(0)} MB: csv-parse ${reference.toFixed(1)} MB/s, ` +
        `predawn ${ours.toFixed(1)} MB/s, ratio ${(ours / reference).toFixed(1)}`,
    );
  }
}
