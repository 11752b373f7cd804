import { afterAll, beforeAll, expect, test } from 'vitest';
import { v7 } from 'uuid';
import type { Attempt, Publication } from '../../src/domain/publication.js';
import { makePostgresEncoder } from '../../src/postgres/encoder.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { CHURN, newAttempt, newReceipt, targetOf } from '../contracts/attempts.js';
import { scoredRows } from '../contracts/scored-rows.js';
import { churnRows, publishRows, tableNames } from '../helpers/postgres-publication.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';

const DAY = '2026-11-20';
const target = targetOf(CHURN);
const never = new AbortController().signal;

let database: TestDatabase;
let publication: Publication;
beforeAll(async () => {
  database = await createDatabase();
  publication = await openPostgresPublication({ url: database.url });
  await publishRows(publication, newAttempt('2026-11-19', target), churnRows(1, 0.5));
});
afterAll(async () => {
  await publication.close();
  await database.drop();
});

async function inShards(attempt: Attempt, score: number): Promise<void> {
  const date = { id: v7(), job: 'churn', asOf: DAY };
  await publication.shards.withDate(date, never, async (locked) => {
    await locked.plan({
      attempt,
      location: 'input.csv',
      input: { summary: { fingerprint: 'sha256:1', bytes: 2, warnings: [] }, shards: [SHARD, SHARD] },
      expectedRows: undefined,
      unusedColumns: [],
      versions: { predawn: '0.1.0', onnxruntime: '1.30.0' },
    });
    const encoder = await makePostgresEncoder({ kind: 'postgres' });
    const reference = { attemptId: attempt.id, job: 'churn', asOf: DAY };
    for (const shard of [0, 1]) {
      await publication.shards.withShard(reference, shard, never, async (stage) => {
        const scored = scoredRows(target, churnRows(20, score), shard * 10, shard * 10 + 10);
        await stage.append({ payload: encoder.encode(scored), rows: 10, keyHashes: undefined });
        return {
          ...{ read: 10, scored: 10, rejected: 0, inexactIntegers: 0 },
          ...{ rejectsByCode: {}, rejectGroups: [], faults: [] },
        };
      });
    }
    await locked.publish((await locked.open())!, async (stage) => {
      const output = await stage.finish();
      return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
    });
  });
}

const SHARD = { from: 0, to: 1, linesBefore: 1, bytesBefore: 0, bytes: 1, digest: 'sha256:0' };

async function scores(): Promise<string> {
  const { rows } = await database.client.query<{ scores: string }>(
    `select count(*) || ' of ' || coalesce(string_agg(distinct churn_probability::text, ','), 'none') as scores
     from churn_predictions where as_of = $1`,
    [DAY],
  );
  return rows[0]!.scores;
}

test('a reader within one snapshot sees the slice as it was, whatever is published meanwhile', async () => {
  for (const [score, before, after] of [
    [0.25, '0 of none', '20 of 0.25'],
    [0.75, '20 of 0.25', '20 of 0.75'],
  ] as const) {
    await database.client.query('begin isolation level repeatable read');
    expect(await scores()).toBe(before);
    await inShards(newAttempt(DAY, target), score);
    expect(await scores()).toBe(before);
    await database.client.query('commit');
    expect(await scores()).toBe(after);
  }
  expect(await tableNames(database.client, '%\\_s2026%')).toEqual([]);
});
