import { tableFromIPC, type Table } from 'apache-arrow';
import fc from 'fast-check';
import { type FileMetaData, parquetMetadata, parquetReadObjects } from 'hyparquet';
import { readParquet } from 'parquet-wasm';
import { expect, test } from 'vitest';
import type { FileEncoderSpec } from '../../src/domain/codecs.js';
import type { KeyType, OutputType } from '../../src/domain/columns.js';
import type { TargetTable } from '../../src/domain/publication.js';
import { makeAssembler, noRows } from '../../src/files/assembler.js';
import { makeFileEncoder } from '../../src/files/encoder.js';
import { outputColumn, scoredRows, type TestRows, type Value } from '../contracts/scored-rows.js';

/**
 * Random columns and rows, in blocks of random lengths, are what two readers find in the file: hyparquet, and
 * parquet-wasm, which is Apache Arrow's reader in Rust.
 */

/** How one value is written down for the encoder, and what readers must find. */
interface Cell {
  readonly written: Value;
  readonly read: number | bigint | boolean | string;
}

const same = (written: Value): Cell => ({ written, read: written });
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: 'grapheme', minLength: 60, maxLength: 140 }),
  fc.constantFrom('', 'Yes', 'No', '\u{10ffff}'.repeat(17), '\uffff\u{1f600}'),
);
const int32 = fc.oneof(fc.integer(), fc.integer({ min: 0, max: 3 }));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const day = fc.integer({ min: -100_000, max: 100_000 });

const keyCells: Record<KeyType, fc.Arbitrary<Cell>> = {
  text: text.map(same),
  int2: fc.integer({ min: -32768, max: 32767 }).map((value) => ({ written: String(value), read: value })),
  int4: int32.map((value) => ({ written: String(value), read: value })),
  int8: int64.map((value) => ({ written: String(value), read: value })),
  uuid: fc.uuid().map(same),
  date: day.map((days) => ({ written: dateOf(days), read: days })),
  timestamp: timestamps(''),
  timestamptz: timestamps('Z'),
};

const outputCells: Record<OutputType, fc.Arbitrary<Cell>> = {
  float4: fc.oneof(fc.float(), fc.constantFrom(0, -0, NaN)).map(same),
  float8: fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN)).map(same),
  int4: int32.map(same),
  int8: int64.map(same),
  bool: fc.boolean().map(same),
  text: text.map(same),
};

interface Column {
  readonly type: KeyType | OutputType;
  readonly cells: readonly Cell[];
}

const rowCounts = fc.array(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constant(700)), {
  minLength: 1,
  maxLength: 4,
});

const files = rowCounts.chain((blocks) => {
  const rows = blocks.reduce((total, count) => total + count, 0);
  const column = <T extends KeyType | OutputType>(type: T, cells: fc.Arbitrary<Cell>) =>
    // Few distinct values that recur, or many.
    fc
      .tuple(
        fc.array(cells, { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 97 }),
      )
      .map(([pool, picks]): Column & { readonly type: T } => ({
        type,
        cells: Array.from(
          { length: rows },
          (_, row) => pool[(picks[row % picks.length]! + row) % pool.length]!,
        ),
      }));
  const columns = <T extends KeyType | OutputType>(cells: Record<T, fc.Arbitrary<Cell>>) => {
    const types = Object.keys(cells) as T[];
    return fc.array(
      fc.constantFrom(...types).chain((type) => column(type, cells[type])),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
  };
  return fc.record({ blocks: fc.constant(blocks), keys: columns(keyCells), outputs: columns(outputCells) });
});

const spec: FileEncoderSpec = {
  kind: 'parquet',
  keyNames: [],
  asOf: '2026-11-20',
  artefact: 'churn@3',
  attemptId: '0198f7b3-3a5c-7f0e-9d3c-3f7c3f9f1a11',
  scoredAt: '2026-11-21T03:04:05.678Z',
};
const SCORED_AT = BigInt(Date.parse(spec.scoredAt)) * 1000n;

test('values, types and statistics are those that two readers find', async () => {
  await fc.assert(
    fc.asyncProperty(files, async ({ blocks, keys, outputs }) => {
      const target = targetOf(keys, outputs);
      const file = await write(target, blocks, keys, outputs);
      const rows = blocks.reduce((total, count) => total + count, 0);
      const names = [...target.keys, ...target.outputs].map(({ name }) => name);
      const expected: Record<string, readonly unknown[]> = Object.fromEntries(
        [...keys, ...outputs].map(({ cells }, index) => [names[index]!, cells.map(({ read }) => read)]),
      );
      for (const [name, value] of [
        ['artefact', spec.artefact],
        ['attempt_id', spec.attemptId],
        ['scored_at', SCORED_AT],
      ] as const) {
        expected[name] = Array.from({ length: rows }, () => value);
      }
      expect(await readWithHyparquet(file, Object.keys(expected))).toEqual(expected);
      expect(readWithArrow(file, Object.keys(expected))).toEqual(expected);
      const metadata = parquetMetadata(file.buffer, { parsers });
      checkStatistics(metadata, blocks, expected);
    }),
    { numRuns: 120 },
  );
}, 120_000);

test('the columns have the types that readers know, in order', async () => {
  const keys = (Object.keys(keyCells) as KeyType[]).map((type) => ({ type, cells: [] }));
  const outputs = (Object.keys(outputCells) as OutputType[]).map((type) => ({ type, cells: [] }));
  const file = await write(targetOf(keys, outputs), [0], keys, outputs);
  const { schema } = tableFromIPC(readParquet(file).intoIPCStream());
  expect(schema.fields.map(({ name, type, nullable }) => [name, String(type), nullable])).toEqual(
    [
      ['key_0_text', 'Utf8'],
      ['key_1_int2', 'Int32'],
      ['key_2_int4', 'Int32'],
      ['key_3_int8', 'Int64'],
      ['key_4_uuid', 'Utf8'],
      ['key_5_date', 'Date32<DAY>'],
      ['key_6_timestamp', 'Timestamp<MICROSECOND>'],
      ['key_7_timestamptz', 'Timestamp<MICROSECOND, UTC>'],
      ['output_0_float4', 'Float32'],
      ['output_1_float8', 'Float64'],
      ['output_2_int4', 'Int32'],
      ['output_3_int8', 'Int64'],
      ['output_4_bool', 'Bool'],
      ['output_5_text', 'Utf8'],
      ['artefact', 'Utf8'],
      ['attempt_id', 'Utf8'],
      ['scored_at', 'Timestamp<MICROSECOND, UTC>'],
    ].map((field) => [...field, false]),
  );
});

async function write(
  target: TargetTable,
  blocks: readonly number[],
  keys: readonly Column[],
  outputs: readonly Column[],
): Promise<Uint8Array<ArrayBuffer>> {
  const own = { ...spec, keyNames: target.keys.map(({ name }) => name) };
  const encoder = await makeFileEncoder(own);
  const assembler = await makeAssembler(target, own);
  const written = (columns: readonly Column[]) =>
    columns.map(({ cells }) => cells.map((cell) => cell.written));
  const rows: TestRows = { keys: written(keys) as string[][], outputs: written(outputs) };
  const parts: Uint8Array[] = [];
  let from = 0;
  for (const count of blocks) {
    const block = count === 0 ? noRows(target) : scoredRows(target, rows, from, from + count);
    parts.push(...assembler.add(encoder.encode(block), count));
    from += count;
  }
  return new Uint8Array(Buffer.concat([...parts, ...assembler.end()]));
}

function targetOf(keys: readonly Column[], outputs: readonly Column[]): TargetTable {
  return {
    job: 'churn',
    description: '',
    table: 'churn_predictions',
    format: 'parquet',
    keys: keys.map(({ type }, index) => ({ name: `key_${index}_${type}`, type: type as KeyType })),
    outputs: outputs.map(({ type }, index) => outputColumn(`output_${index}_${type}`, type as OutputType)),
  };
}

const parsers = {
  timestampFromMicroseconds: (value: bigint) => value,
  dateFromDays: (value: number) => value,
  stringFromBytes: (bytes: Uint8Array) => Buffer.from(bytes).toString('utf8'),
} as object;

async function readWithHyparquet(file: Uint8Array<ArrayBuffer>, names: readonly string[]): Promise<object> {
  const rows = await parquetReadObjects({ file: file.buffer, parsers });
  return Object.fromEntries(names.map((name) => [name, rows.map((row) => row[name] as unknown)]));
}

function readWithArrow(file: Uint8Array, names: readonly string[]): object {
  const table: Table = tableFromIPC(readParquet(file).intoIPCStream());
  return Object.fromEntries(
    names.map((name) => {
      const vector = table.getChild(name)!;
      // Dates and times as the numbers they are: the getters cut them to milliseconds.
      if (!/^(Date|Timestamp)/.test(String(vector.type))) return [name, [...vector]];
      return [
        name,
        vector.data.flatMap(({ values, length }) =>
          Array.from(values as ArrayLike<unknown>).slice(0, length),
        ),
      ];
    }),
  );
}

function checkStatistics(
  { row_groups: groups }: FileMetaData,
  blocks: readonly number[],
  expected: Record<string, readonly unknown[]>,
): void {
  const filled = blocks.filter((count) => count > 0);
  expect(groups.map(({ num_rows: rows }) => Number(rows))).toEqual(filled);
  let from = 0;
  for (const [index, count] of filled.entries()) {
    for (const { meta_data: chunk } of groups[index]!.columns) {
      const values = expected[chunk!.path_in_schema[0]!]!.slice(from, from + count);
      const ordered = values.filter((value) => !Number.isNaN(value)).sort(compare);
      const { min_value: min, max_value: max, null_count: nulls } = chunk!.statistics!;
      expect(nulls).toBe(0n);
      if (ordered.length === 0) expect([min, max]).toEqual([undefined, undefined]);
      else if (typeof ordered[0] === 'string') {
        const [first, last] = [ordered[0], ordered.at(-1) as string];
        expect(compare(min, first)).toBeLessThanOrEqual(0);
        expect(compare(max, last)).toBeGreaterThanOrEqual(0);
        if (Buffer.byteLength(first) <= 64) expect(min).toBe(first);
        if (Buffer.byteLength(last) <= 64) expect(max).toBe(last);
      } else {
        // A zero bounds zeros of either sign.
        expect(min).toBe(ordered[0] === 0 && chunk!.type !== 'INT32' ? -0 : ordered[0]);
        expect(max).toBe(ordered.at(-1) === 0 ? 0 : ordered.at(-1));
      }
    }
    from += count;
  }
}

function compare(left: unknown, right: unknown): number {
  if (typeof left === 'string') return Buffer.compare(Buffer.from(left), Buffer.from(right as string));
  return (left as number) < (right as number) ? -1 : Number((left as number) > (right as number));
}

function timestamps(zone: string): fc.Arbitrary<Cell> {
  return fc.tuple(day, fc.bigInt({ min: 0n, max: 86_399_999_999n })).map(([days, within]) => {
    const read = BigInt(days) * 86_400_000_000n + within;
    const time = new Date(Number(within / 1_000_000n) * 1000).toISOString().slice(11, 19);
    const fraction = String(within % 1_000_000n).padStart(6, '0');
    return { written: `${dateOf(days)}T${time}.${fraction}${zone}`, read };
  });
}

function dateOf(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, 10);
}
