import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PredawnError } from '../../src/domain/errors.js';
import type { Publication } from '../../src/domain/publication.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { CHURN, newAttempt, targetOf } from '../contracts/attempts.js';
import { churnRows, publishRows, readSlice } from '../helpers/postgres-publication.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';

const DAY = '2026-11-20';
const target = targetOf(CHURN);
const never = new AbortController().signal;

let database: TestDatabase;
let publication: Publication;
beforeEach(async () => {
  database = await createDatabase();
  publication = await openPostgresPublication({ url: database.url });
});
afterEach(() => database.drop());

const failure = (rows = churnRows(3, 0.25)): Promise<PredawnError> =>
  publishRows(publication, newAttempt(DAY, target), rows).then(
    () => expect.fail('it was published'),
    (error: unknown) => error as PredawnError,
  );

describe('a slice that others changed', () => {
  const foreign = `create table churn_predictions (as_of date, customer_id text, churn_probability float4,
    churn varchar(10), artefact text, attempt_id uuid)`;

  test.each([
    ['of ours, emptied', '', 'delete from churn_predictions'],
    ['of ours, short of a row', '', `delete from churn_predictions where customer_id = 'C-1'`],
    ['not ours, emptied', foreign, 'delete from churn_predictions'],
    ['not ours, with a row more', foreign, `insert into churn_predictions values ('${DAY}', 'x', 1, 'Yes')`],
  ])('in a table %s, is not current, and is published again', async (_, before, tampering) => {
    await database.client.query(before);
    const first = newAttempt(DAY, target);
    await publishRows(publication, first, churnRows(3, 0.25));
    const current = () =>
      publication.withAttempt(newAttempt(DAY, target), never, (stage) =>
        Promise.resolve(stage.current?.attemptId),
      );
    expect(await current()).toBe(first.id);
    await database.client.query(tampering);
    expect(await current()).toBeUndefined();
    await publishRows(publication, newAttempt(DAY, target), churnRows(3, 0.25));
    expect(await readSlice(database.client, target, DAY)).toHaveLength(3);
    expect(await current()).toBeDefined();
  });
});

test('a key too long for an index is named, with its column and length', async () => {
  const long = `K-${randomBytes(2250).toString('base64')}`;
  const error = await failure({
    keys: [['a', long, 'b']],
    outputs: [
      [1, 2, 3],
      ['x', 'y', 'z'],
    ],
  });
  expect(error).toMatchObject({ kind: 'data', code: 'keys.too_long' });
  for (const part of ['customer_id', `${long.length} bytes`, long.slice(0, 16)]) {
    expect(error.message).toContain(part);
  }
  expect(error.message).not.toContain(long.slice(0, 60));
  expect(error.hint).toContain('key');
});

describe('a value that a table not ours cannot hold', () => {
  test.each(['varchar(2)', 'short'])('is named by its column and key: %s', async (type) => {
    await database.client.query(`create domain short as varchar(2); create table churn_predictions (
      as_of date, customer_id text, churn_probability float4, churn ${type})`);
    const rows = churnRows(3, 0.25);
    const error = await failure({ ...rows, outputs: [rows.outputs[0]!, ['No', 'Yes', 'No']] });
    expect(error).toMatchObject({ kind: 'data', code: 'postgres.value' });
    expect(error.message).toContain('"public"."churn_predictions"');
    expect(error.message).toContain('column churn');
    expect(error.message).toContain('C-1');
    expect(error.hint).toContain('alter table "public"."churn_predictions" alter column "churn" type text');
  });

  test('is told by its column where the server tells it', async () => {
    await database.client.query(`create table churn_predictions (
      as_of date, customer_id text, churn_probability float4, churn text,
      constraint likely check (churn_probability > 0.5))`);
    const error = await failure();
    expect(error).toMatchObject({ kind: 'data', code: 'postgres.constraint' });
    expect(error.message).toContain('table churn_predictions constraint likely');
    expect(error.message).toContain(`(while publishing churn for ${DAY})`);
  });
});
