import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect } from '../../src/postgres/connection.js';
import {
  installedVersion,
  LATEST,
  migrate,
  migrationProblem,
  migrationSql,
} from '../../src/postgres/migrations.js';
import { createDatabase, createRole, type TestDatabase } from '../helpers/postgres.js';

let database: TestDatabase;

beforeEach(async () => {
  database = await createDatabase();
});
afterEach(async () => {
  await database.drop();
});

describe('the schema predawn', () => {
  test('is made once, by whoever comes first', async () => {
    expect(await installedVersion(database.client)).toBe(0);
    const clients = await Promise.all(
      [1, 2, 3].map(() => connect(database.url, { applicationName: 'test' })),
    );
    try {
      await Promise.all(clients.map((client) => migrate(client, 'here')));
    } finally {
      await Promise.all(clients.map((client) => client.end()));
    }
    const { rows } = await database.client.query('select version from predawn.migrations order by version');
    expect(rows).toEqual(Array.from({ length: LATEST }, (_, index) => ({ version: index + 1 })));
    expect(await installedVersion(database.client)).toBe(LATEST);
    expect(await migrationProblem(database.client, 'here')).toBeUndefined();
  });

  test('is the same by the printed SQL, which may be run again', async () => {
    await database.client.query(migrationSql());
    await database.client.query(migrationSql());
    await migrate(database.client, 'here');
    expect(await installedVersion(database.client)).toBe(LATEST);
  });

  test('gives the slices of an older version their history', async () => {
    const [first] = migrationSql().split(/^(?=-- predawn, schema version 2)/m);
    await database.client.query(first!);
    expect(await installedVersion(database.client)).toBe(1);
    const ids = [1, 2].map((number) => `01890a5d-ac96-774b-bcce-b302099a805${number}`);
    for (const [index, id] of ids.entries()) {
      await database.client.query(
        `insert into predawn.attempts (attempt_id, job, environment, as_of, status, artefact, artefact_digest, job_digest,
           target_table, backend_pid, started_at, published_at)
         values ($1, 'churn', 'dev', '2026-11-20', 'published', 'churn@1', 'a', 'b', 't', 1, now(),
           now() + $2 * interval '1 hour')`,
        [id, index],
      );
    }
    await migrate(database.client, 'here');
    const { rows } = await database.client.query(
      'select action, from_attempt, to_attempt from predawn.publications order by publication_number',
    );
    expect(rows).toEqual([
      { action: 'publish', from_attempt: null, to_attempt: ids[0] },
      { action: 'publish', from_attempt: ids[0], to_attempt: ids[1] },
    ]);
    await database.client.query(`update predawn.attempts set status = 'staged' where attempt_id = $1`, [
      ids[1],
    ]);
  });

  test('explains every table, view and column', async () => {
    await migrate(database.client, 'here');
    const { rows } = await database.client.query(
      `select c.relname as name, a.attname as column
       from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
       where c.relnamespace = 'predawn'::regnamespace and c.relkind in ('r', 'v')
         and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, a.attnum) is null)`,
    );
    expect(rows).toEqual([]);
  });

  test('of a newer predawn is refused', async () => {
    await migrate(database.client, 'here');
    await database.client.query(
      `insert into predawn.migrations (version, description) values (999, 'future')`,
    );
    const error = { kind: 'configuration', code: 'schema.newer' };
    await expect(migrate(database.client, 'here')).rejects.toMatchObject(error);
    expect(await migrationProblem(database.client, 'here')).toMatchObject(error);
  });

  test('cannot be made by a role that may not, who is told what to do', async () => {
    const role = await createRole(database);
    const client = await connect(role.url, { applicationName: 'test' });
    try {
      const error = { kind: 'configuration', code: 'schema.rights' };
      expect(await migrationProblem(client, 'here')).toMatchObject(error);
      await expect(migrate(client, 'here')).rejects.toMatchObject(error);
      expect(await installedVersion(client)).toBe(0);
      await database.client.query(`grant create on database ${database.name} to ${role.name}`);
      expect(await migrationProblem(client, 'here')).toBeUndefined();
      await migrate(client, 'here');
      expect(await installedVersion(client)).toBe(LATEST);
    } finally {
      await client.end();
      await role.drop();
    }
  });
});
