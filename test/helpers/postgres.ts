import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Connected to it as the server's administrator. */
  readonly client: pg.Client;
  /** Closes the client, ends all other connections, drops the database. */
  drop(): Promise<void>;
}

export interface TestRole {
  readonly name: string;
  readonly password: string;
  /** The database's URL with this role's name and password. */
  readonly url: string;
  /** Drops what it owns in the database and its privileges there, then the role. */
  drop(): Promise<void>;
}

/** A fresh, empty database on the suite's server. */
export async function createDatabase(): Promise<TestDatabase> {
  const name = uniqueName('predawn_test');
  await asAdministrator(`create database ${name} template template0 encoding 'UTF8'`);
  const url = withParts(inject('postgresUrl'), { database: name });
  const client = await open(url);
  return {
    name,
    url,
    client,
    drop: async () => {
      await client.end();
      await asAdministrator(`drop database if exists ${name} with (force)`);
    },
  };
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

/** `url` with some of its parts replaced. */
export function withParts(
  url: string,
  parts: { database?: string; user?: string; password?: string; port?: number },
): string {
  const changed = new URL(url);
  if (parts.database !== undefined) changed.pathname = `/${parts.database}`;
  if (parts.user !== undefined) changed.username = encodeURIComponent(parts.user);
  if (parts.password !== undefined) changed.password = encodeURIComponent(parts.password);
  if (parts.port !== undefined) changed.port = String(parts.port);
  return changed.href;
}

function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`;
}

async function asAdministrator(sql: string): Promise<void> {
  const client = await open(inject('postgresUrl'));
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // A test may have the server end this connection; a query that meets that rejects by itself.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
