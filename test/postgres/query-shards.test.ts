import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ShardedInput } from '../../src/domain/shards.js';
import type { Source } from '../../src/domain/source.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { openQuery } from '../helpers/postgres-query.js';
import { bytesOf } from '../helpers/source-bytes.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    create table customers (id int4 primary key, name text not null);
    insert into customers select g, repeat('x', g % 90) || g from generate_series(1, 5000) g`);
});
afterAll(() => database.drop());

const never = new AbortController().signal;
const QUERY = 'select id, name from customers order by id -- in order';

async function using<T>(work: (source: Source) => Promise<T>, query = QUERY): Promise<T> {
  const source = await openQuery(database.url, query);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

const readShard = (planned: ShardedInput, shard: number) =>
  using((source) => bytesOf(source.openShard(planned, shard)));

describe('shards of a query', () => {
  test('are the whole in its order, in one snapshot or in many', async () => {
    const whole = await using(bytesOf);
    for (const count of [1, 2, 7, 16]) {
      await using(async (source) => {
        const planned = await source.planShards(count, never);
        expect(planned.summary.fingerprint).toBe(
          `sha256:${createHash('sha256').update(whole).digest('hex')}`,
        );
        expect(planned.shards).toHaveLength(count);
        expect(planned.shards.map(({ from }) => from)).toEqual(
          [0, ...planned.shards.map(({ to }) => to)].slice(0, -1),
        );
        expect(planned.shards.at(-1)!.to).toBe(5000);
        expect(planned.shards.map(({ linesBefore }) => linesBefore)).toEqual(
          planned.shards.map(({ from }) => from),
        );
        const here: Buffer[] = [];
        const elsewhere: Buffer[] = [];
        for (let shard = count - 1; shard >= 0; shard--) {
          here[shard] = await bytesOf(source.openShard(planned, shard));
          elsewhere[shard] = await readShard(planned, shard);
        }
        expect(Buffer.concat(here).equals(whole)).toBe(true);
        expect(Buffer.concat(elsewhere).equals(whole)).toBe(true);
      });
    }
  });

  test('of no rows, and more of them than rows, are empty', async () => {
    for (const [query, rows] of [
      ['select id, name from customers where false', 0],
      ['select id, name from customers where id < 3', 2],
    ] as const) {
      await using(async (source) => {
        const planned = await source.planShards(4, never);
        expect(planned.shards.map(({ from, to }) => to - from).reduce((a, b) => a + b)).toBe(rows);
        for (let shard = 0; shard < 4; shard++) await bytesOf(source.openShard(planned, shard));
      }, query);
    }
  });

  test('see what they saw in the snapshot, whatever others change; a later snapshot says so', async () => {
    await using(async (source) => {
      const planned = await source.planShards(5, never);
      const before = await Promise.all(planned.shards.map((_, shard) => readShard(planned, shard)));
      await database.client.query(`update customers set name = 'other' where id = 2500`);
      try {
        for (const [shard, bytes] of before.entries())
          expect((await bytesOf(source.openShard(planned, shard))).equals(bytes)).toBe(true);
        const hit = planned.shards.findIndex(({ from, to }) => from < 2500 && 2500 <= to);
        await expect(readShard(planned, hit)).rejects.toMatchObject({ kind: 'input', code: 'input.changed' });
        expect((await readShard(planned, 0)).equals(before[0]!)).toBe(true);
      } finally {
        await database.client.query(
          `update customers set name = repeat('x', 2500 % 90) || 2500 where id = 2500`,
        );
      }
    });
  });

  test('of a query whose order is left to the server, too, where nothing changes', async () => {
    const unordered = 'select id, name from customers';
    const planned = await using((source) => source.planShards(3, never), unordered);
    const parts = [];
    for (const shard of [0, 1, 2])
      parts.push(await using((source) => bytesOf(source.openShard(planned, shard)), unordered));
    const whole = await using(bytesOf, unordered);
    expect(Buffer.concat(parts).equals(whole)).toBe(true);
  });

  test('stop at once on an abort', async () => {
    const reason = new Error('stop');
    await using(async (source) => {
      await expect(source.planShards(4, AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  });
});
