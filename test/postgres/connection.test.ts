import { afterAll, beforeAll, expect, test } from 'vitest';
import { connect } from '../../src/postgres/connection.js';
import { createDatabase, createRole, type TestDatabase } from '../helpers/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(async () => {
  await database.drop();
});

test('a connection names itself and leaves its timeout to the role unless told', async () => {
  const role = await createRole(database);
  const client = await connect(`${role.url}?application_name=other`, { applicationName: 'predawn churn 2026-11-20' });
  const { rows } = await client.query<object>(
    "select current_user as role, current_setting('application_name') as name, current_setting('statement_timeout') as timeout",
  );
  await client.end();
  await role.drop();
  expect(rows).toEqual([{ role: role.name, name: 'predawn churn 2026-11-20', timeout: '0' }]);
});
