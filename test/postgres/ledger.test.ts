import { afterEach, beforeEach, expect, test } from 'vitest';
import { combine, PredawnError } from '../../src/domain/errors.js';
import { openPostgresLedger } from '../../src/postgres/ledger.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { CHURN, newAttempt, targetOf } from '../contracts/attempts.js';
import { churnRows, publishRows } from '../helpers/postgres-publication.js';
import { createDatabase, createRole, type TestDatabase } from '../helpers/postgres.js';

const DAY = '2026-11-20';
const target = targetOf(CHURN);
let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await database.drop();
});

test('the view predawn.runs tells an analyst what ran', async () => {
  const publication = await openPostgresPublication({ url: database.url });
  const first = newAttempt(DAY, target);
  await publishRows(publication, first, churnRows(3, 0.25));
  const second = newAttempt(DAY, target, { environment: 'production' });
  await publishRows(publication, second, churnRows(4, 0.5));
  const third = newAttempt(DAY, target);
  const problems = ['rows', 'scores'].map((name) => new PredawnError('data', `gate.${name}`, `bad ${name}`));
  const failing = publication.withAttempt(third, new AbortController().signal, async () => {
    throw combine(problems, 'Two gates failed.');
  });
  await expect(failing).rejects.toThrow('Two gates failed.');

  const role = await createRole(database);
  const reader = await openPostgresLedger(role.url);
  try {
    await expect(reader.entries({ limit: 1 })).rejects.toMatchObject({ code: 'postgres.permission' });
  } finally {
    await reader.close();
    await role.drop();
  }
  const { rows } = await database.client.query(
    `select attempt_id, job, as_of::text, status, is_current, artefact, rows_read::integer, rows_scored::integer,
       rows_rejected::integer, environment, error_message, duration >= interval '0' as took
     from predawn.runs order by started_at`,
  );
  const common = { job: 'churn', as_of: DAY, artefact: 'churn@3', took: true };
  const published = { ...common, status: 'published', rows_rejected: 0, error_message: null };
  expect(rows).toEqual([
    {
      ...published,
      attempt_id: first.id,
      is_current: false,
      rows_read: 3,
      rows_scored: 3,
      environment: 'dev',
    },
    {
      ...published,
      attempt_id: second.id,
      is_current: true,
      rows_read: 4,
      rows_scored: 4,
      environment: 'production',
    },
    {
      ...common,
      attempt_id: third.id,
      status: 'failed',
      is_current: false,
      rows_read: null,
      rows_scored: null,
      rows_rejected: null,
      environment: 'dev',
      error_message: 'Two gates failed.\nbad rows\nbad scores',
      took: expect.any(Boolean) as boolean,
    },
  ]);
});
