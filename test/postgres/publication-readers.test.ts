import pg from 'pg';
import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Publication } from '../../src/domain/publication.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { CHURN, newAttempt, targetOf } from '../contracts/attempts.js';
import { churnRows, publishRows } from '../helpers/postgres-publication.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';

const DAY = '2026-11-20';
const target = targetOf(CHURN, { table: 'public.churn_predictions' });

/** What a reader saw of the day, as one text: rows and the least and greatest score. */
const SEEN = `select count(*) || ' rows of ' || coalesce(min(churn_probability) || '-' || max(churn_probability), 'nothing')
  as seen from public.churn_predictions where as_of = '${DAY}'`;

let database: TestDatabase;
let publication: Publication;

beforeEach(async () => {
  database = await createDatabase();
  publication = await openPostgresPublication({ url: database.url });
});
afterEach(async () => {
  await database.drop();
});

describe.each(['read committed', 'repeatable read'])('a %s reader', (isolation) => {
  test.each(['made by predawn', 'made by others'])(
    'of a table %s sees each publication whole, in order',
    async (made) => {
      if (made === 'made by others') {
        await database.client.query(
          'create table churn_predictions (as_of date, customer_id text, churn_probability float4, churn text)',
        );
      } else {
        await publishRows(publication, newAttempt('2026-11-01', target), churnRows(5, 0.5));
      }
      const readers = await Promise.all([startReader(isolation), startReader(isolation)]);
      await publishRows(publication, newAttempt(DAY, target), churnRows(700, 0.25));
      // Half of the keys leave, half change, new ones come.
      await publishRows(publication, newAttempt(DAY, target), churnRows(800, 0.5, 350));
      await publishRows(publication, newAttempt(DAY, target), churnRows(100, 0.75, 400));
      await restore();
      for (const reader of readers) {
        const seen = await reader.stop();
        const order = [
          '0 rows of nothing',
          '700 rows of 0.25-0.25',
          '800 rows of 0.5-0.5',
          '100 rows of 0.75-0.75',
          // Restored.
          '800 rows of 0.5-0.5',
        ];
        expect(inOrder(seen, order)).toBe(true);
        expect(seen.at(-1)).toBe(order.at(-1));
      }
    },
  );
});

test('a repeatable read reader sees a dropped date come back whole, or not at all', async () => {
  for (const score of [0.25, 0.5]) {
    await publishRows(publication, newAttempt(DAY, target), churnRows(700, score));
  }
  const { rows } = await database.client.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'churn_predictions'::regclass`,
  );
  await database.client.query(`drop table ${rows[0]!.name}`);
  const readers = await Promise.all([startReader('repeatable read'), startReader('repeatable read')]);
  await restore();
  for (const reader of readers) {
    const seen = await reader.stop();
    expect(inOrder(seen, ['0 rows of nothing', '700 rows of 0.25-0.25'])).toBe(true);
    expect(seen.at(-1)).toBe('700 rows of 0.25-0.25');
  }
});

async function restore(): Promise<void> {
  const request = {
    job: 'churn',
    asOf: DAY,
    attemptId: undefined,
    by: 'tester',
    reason: undefined,
    retain: 3,
  };
  await publication.moveSlice(
    { ...request, id: v7(), action: 'restore', force: false, unlessRestored: false },
    new AbortController().signal,
  );
}

/** Whether states were seen in their order, some of them not at all. */
function inOrder(seen: readonly string[], order: readonly string[]): boolean {
  let at = 0;
  return seen.every((state) => {
    at = order.indexOf(state, at) + 1;
    return at > 0;
  });
}

/** Reads on a connection of its own without a pause; `stop` reads once more and returns the states in order. */
async function startReader(isolation: string): Promise<{ stop(): Promise<string[]> }> {
  const client = new pg.Client({ connectionString: database.url });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`set default_transaction_isolation = '${isolation}'`);
  const states: string[] = [];
  let stopping = false;

  async function read(): Promise<void> {
    await client.query('begin');
    for (let times = 0; times < 3; times++) {
      const { rows } = await client.query<{ seen: string }>(SEEN);
      const seen = rows[0]!.seen;
      if (times > 0 && isolation === 'repeatable read') expect(seen).toBe(states.at(-1));
      if (seen !== states.at(-1)) states.push(seen);
    }
    await client.query('commit');
  }

  await read();
  const reading = (async () => {
    while (!stopping) await read();
    await read();
  })();
  // Awaited by `stop`; until then a failure must not count as unhandled.
  reading.catch(() => undefined);
  return {
    stop: async () => {
      stopping = true;
      await reading.finally(() => client.end());
      return states;
    },
  };
}
