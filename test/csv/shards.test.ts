import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openCsvSource } from '../../src/csv/source.js';
import type { CsvInput } from '../../src/domain/job.js';
import type { ShardedInput } from '../../src/domain/shards.js';
import type { Source } from '../../src/domain/source.js';
import { decodeText, faultsOf, planOf } from './csv-helpers.js';
import { bytesOf } from '../helpers/source-bytes.js';

const never = new AbortController().signal;
const INPUT: CsvInput = {
  path: 'rows.csv',
  delimiter: ',',
  quote: '"',
  encoding: 'utf-8',
  header: undefined,
  finalNewline: 'optional',
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predawn-shards-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function withSource<T>(
  bytes: Uint8Array,
  work: (source: Source) => Promise<T>,
  over: Partial<CsvInput> = {},
  blockBytes = 3000,
): Promise<T> {
  const path = join(folder, 'rows.csv');
  await writeFile(path, bytes);
  return reopened(work, over, blockBytes);
}

async function reopened<T>(
  work: (source: Source) => Promise<T>,
  over: Partial<CsvInput> = {},
  blockBytes = 3000,
): Promise<T> {
  const path = join(folder, 'rows.csv');
  const input = { ...INPUT, ...over };
  const common = { path, displayPath: 'rows.csv', job: 'churn', asOf: '2026-11-20' };
  const source = await openCsvSource({ ...common, input, blockBytes });
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

/** What each shard reads, by a source of its own for each, in any order. */
async function shardsOf(planned: ShardedInput, over: Partial<CsvInput> = {}): Promise<Buffer[]> {
  const read: Buffer[] = [];
  for (let shard = planned.shards.length - 1; shard >= 0; shard--)
    read[shard] = await reopened((source) => bytesOf(source.openShard(planned, shard)), over);
  return read;
}

const field = fc.oneof(
  fc.string({ unit: fc.constantFrom('a', 'é', ' ', '7', '😀'), maxLength: 40 }),
  fc
    .string({ unit: fc.constantFrom('a', '\n', '\r\n', ',', '""', 'x', 'ß'), maxLength: 200 })
    .map((text) => `"${text}"`),
);
const records = fc.array(fc.tuple(fc.constantFrom('k', 'key'), field), { minLength: 0, maxLength: 400 });

const WRITTEN: readonly {
  readonly name: string;
  readonly over: Partial<CsvInput>;
  readonly write: (text: string) => Uint8Array;
}[] = [
  { name: 'UTF-8', over: {}, write: (text) => Buffer.from(text) },
  { name: 'UTF-8 with a mark', over: {}, write: (text) => Buffer.from(`\ufeff${text}`) },
  { name: 'gzip', over: {}, write: (text) => gzipSync(text) },
  {
    name: 'UTF-16',
    over: { encoding: 'utf-16le' },
    write: (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  },
  {
    name: 'Latin-1',
    over: { encoding: 'latin1' },
    write: (text) => Buffer.from(text.replaceAll('😀', '?'), 'latin1'),
  },
  {
    name: 'no header line',
    over: { header: ['key', 'value'] },
    write: (text) => Buffer.from(text.slice(text.indexOf('\n') + 1) || 'k,v\n'),
  },
];

describe.each(WRITTEN)('shards of a file: $name', ({ over, write }) => {
  test('are the whole, cut between records, each with its lines', async () => {
    await fc.assert(
      fc.asyncProperty(
        records,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('\n', '\r\n'),
        fc.boolean(),
        async (rows, count, lineEnd, ended) => {
          const text = [['key', 'value'], ...rows].map((row) => row.join(',')).join(lineEnd);
          const bytes = write(ended || rows.length === 0 ? text + lineEnd : text);
          const { whole, summary, before } = await withSource(
            bytes,
            async (source) => ({
              whole: await bytesOf(source),
              summary: await source.summary(),
              before: source.linesBefore,
            }),
            over,
          );
          const planned = await reopened((source) => source.planShards(count, never), over);
          expect(planned.summary).toEqual(summary);
          expect(planned.shards).toHaveLength(count);
          expect(planned).toEqual(JSON.parse(JSON.stringify(planned)));
          const read = await shardsOf(planned, over);
          expect(Buffer.concat(read).equals(whole)).toBe(true);

          // Whole records, and lines that go on where the shard before ended.
          const plan = planOf(['key', 'value'], ['key'], []);
          let lines = before;
          let records = 0;
          read.forEach((part, shard) => {
            expect(planned.shards[shard]!.linesBefore).toBe(lines);
            const decoded = decodeText(plan, part);
            expect(faultsOf(decoded)).toEqual([]);
            lines += decoded.lines;
            records += decoded.read;
          });
          expect(records).toBe(decodeText(plan, whole).read);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe('shards of a file', () => {
  const text = ['key,value', ...Array.from({ length: 3000 }, (_, row) => `k${row},"v\n${row}"`), ''].join(
    '\n',
  );

  test('are about even', async () => {
    const { shards } = await withSource(Buffer.from(text), (source) => source.planShards(6, never));
    const sizes = shards.map(({ bytes }) => bytes);
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(2 * 4096);
  });

  test('are the same whatever the blocks of a run are', async () => {
    const plans = [];
    for (const blockBytes of [500, 100_000])
      plans.push(
        await withSource(Buffer.from(text), (source) => source.planShards(6, never), {}, blockBytes),
      );
    expect(plans[0]).toEqual(plans[1]);
  });

  test('say so when the file is another one: changed in place, grown or shrunk', async () => {
    const planned = await withSource(Buffer.from(text), (source) => source.planShards(6, never));
    const changed = { kind: 'input', code: 'input.changed' };
    const path = join(folder, 'rows.csv');

    await writeFile(path, text.replace('k1500,', 'q1500,'));
    const outcomes = await Promise.allSettled(
      planned.shards.map((_, shard) => reopened((source) => bytesOf(source.openShard(planned, shard)))),
    );
    const failed = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect(failed).toHaveLength(1);
    expect(failed[0]).toMatchObject(changed);

    for (const other of [`${text}k,v\n`, text.slice(0, -2)]) {
      await writeFile(path, other);
      await expect(reopened((source) => bytesOf(source.openShard(planned, 0)))).rejects.toMatchObject(
        changed,
      );
    }
    // The same bytes under another date are the same input.
    await writeFile(path, text);
    await utimes(path, 1, 1);
    await reopened((source) => bytesOf(source.openShard(planned, 0)));
  });

  test('are not planned for a file that was cut short', async () => {
    const cut = withSource(Buffer.from(text.slice(0, -1)), (source) => source.planShards(4, never), {
      finalNewline: 'required',
    });
    await expect(cut).rejects.toMatchObject({ kind: 'input', code: 'input.truncated' });
  });

  test('stop at once on an abort', async () => {
    const reason = new Error('stop');
    const aborted = AbortSignal.abort(reason);
    await withSource(Buffer.from(text), async (source) => {
      await expect(source.planShards(4, aborted)).rejects.toBe(reason);
      const planned = await source.planShards(4, never);
      const reading = source.openShard(planned, 1).blocks(aborted)[Symbol.asyncIterator]().next();
      await expect(reading).rejects.toBe(reason);
    });
  });
});
