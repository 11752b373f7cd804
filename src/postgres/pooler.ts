import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import { connect, disconnect } from './connection.js';

/** Others who use the same pool may come between. */
const TRIES = 3;

/**
 * Refuses a pooler that gives its clients another server session for each transaction: a lock taken in one would
 * stay with whoever gets that session next. A pooler in session mode passes.
 *
 * @throws PredawnError kind `configuration`, code `postgres.pooler`
 */
export async function refuseSharedSessions(client: pg.Client, url: string, location: string): Promise<void> {
  // node-postgres keeps what it was told at the start, but does not declare it. A pooler tells a number of its own.
  const { processID } = client as unknown as { readonly processID: number };
  if ((await serverProcess(client)) === processID) return;
  for (let tries = 0; tries < TRIES; tries++) {
    if (!(await isShared(client, url))) continue;
    throw new PredawnError(
      'configuration',
      'postgres.pooler',
      `${location} is a connection pooler in transaction mode: the lock of a date would not stay with its run.`,
      { hint: 'Name the server itself in the destination URL, or a pool in session mode.' },
    );
  }
}

/** Whether another connection, while it is in a transaction, has the server process that this one had. */
async function isShared(client: pg.Client, url: string): Promise<boolean> {
  const before = await serverProcess(client);
  const other = await connect(url, { applicationName: 'predawn pooler check' });
  try {
    await other.query('begin');
    const taken = await serverProcess(other);
    return taken === before || (await serverProcess(client)) !== before;
  } finally {
    await disconnect(other);
  }
}

async function serverProcess(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]!.pid;
}
