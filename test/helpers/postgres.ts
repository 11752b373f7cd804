import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { createDatabaseOn, runOn, type TestDatabase, uniqueName, withParts } from './databases.js';

export { type TestDatabase, withParts } from './databases.js';

export interface TestRole {
  readonly name: string;
  readonly password: string;
  /** The database's URL with this role's name and password. */
  readonly url: string;
  /** Drops what it owns in the database and its privileges there, then the role. */
  drop(): Promise<void>;
}

/** A fresh, empty database on the suite's server. */
export function createDatabase(): Promise<TestDatabase> {
  return createDatabaseOn(inject('postgresUrl'));
}

/** A role that may log in, and nothing else. Drop it before its database. */
export async function createRole(database: TestDatabase): Promise<TestRole> {
  const name = uniqueName('predawn_role');
  const password = randomBytes(9).toString('hex');
  await asAdministrator(`create role ${name} login password '${password}'`);
  return {
    name,
    password,
    url: withParts(database.url, { user: name, password }),
    drop: async () => {
      await database.client.query(`drop owned by ${name}`);
      await asAdministrator(`drop role ${name}`);
    },
  };
}

function asAdministrator(sql: string): Promise<void> {
  return runOn(inject('postgresUrl'), sql);
}
