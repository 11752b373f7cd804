import type pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { commitWork } from '../../src/postgres/commit.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** A transaction with a number that the server has not given out, whose connection is lost at COMMIT. */
function lostSession(): pg.Client {
  const query = (sql: string) =>
    sql === 'commit'
      ? Promise.reject(new Error('Connection terminated unexpectedly'))
      : Promise.resolve({ rows: [{ id: '9000000000000' }] });
  return { query } as unknown as pg.Client;
}

it.each([
  [false, 'postgres.connection_lost'],
  [true, undefined],
])(
  'asks the ledger about a number that a crash made the server forget (recorded: %s)',
  async (recorded, code) => {
    const committing = commitWork({
      url: database.url,
      location: 'here',
      job: 'churn',
      asOf: '2026-11-20',
      session: lostSession(),
      patience: { tries: 1, pauseMilliseconds: 1 },
      again: 'Run it again.',
      work: () => Promise.resolve('done'),
      recorded: () => Promise.resolve(recorded),
      lastCall: () => undefined,
    });
    if (code === undefined) await expect(committing).resolves.toBe('done');
    else await expect(committing).rejects.toMatchObject({ kind: 'unavailable', code });
  },
);
