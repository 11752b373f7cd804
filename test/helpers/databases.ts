import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Connected to it as the server's administrator. */
  readonly client: pg.Client;
  /** Closes the client, ends all other connections, drops the database. */
  drop(): Promise<void>;
}

/** A fresh, empty database on a server; `server` is the URL of its administrator. */
export async function createDatabaseOn(server: string, tablespace = 'pg_default'): Promise<TestDatabase> {
  const name = uniqueName('predawn_test');
  await runOn(server, `create database ${name} template template0 encoding 'UTF8' tablespace ${tablespace}`);
  const url = withParts(server, { database: name });
  const client = await openClient(url);
  return {
    name,
    url,
    client,
    drop: async () => {
      await client.end();
      await runOn(server, `drop database if exists ${name} with (force)`);
    },
  };
}

/** `url` with some of its parts replaced. */
export function withParts(
  url: string,
  parts: { database?: string; user?: string; password?: string; host?: string; port?: number },
): string {
  const changed = new URL(url);
  if (parts.database !== undefined) changed.pathname = `/${parts.database}`;
  if (parts.user !== undefined) changed.username = encodeURIComponent(parts.user);
  if (parts.password !== undefined) changed.password = encodeURIComponent(parts.password);
  if (parts.host !== undefined) changed.hostname = parts.host;
  if (parts.port !== undefined) changed.port = String(parts.port);
  return changed.href;
}

export function uniqueName(prefix: string): string {
  return `${prefix}_${randomBytes(6).toString('hex')}`;
}

/** Runs one statement on a connection of its own. */
export async function runOn(url: string, sql: string): Promise<void> {
  const client = await openClient(url);
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

export async function openClient(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  // A test may have the server end this connection; a query that meets that rejects by itself.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
