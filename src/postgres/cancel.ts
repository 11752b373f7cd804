import type pg from 'pg';
import { connect } from './connection.js';

/** Asks the server to stop what a connection is doing. Best effort: it also stops when the connection ends. */
export async function cancelStatement(url: string, client: pg.Client): Promise<void> {
  // node-postgres keeps what the server told it at the start, but does not declare it.
  const { processID } = client as unknown as { readonly processID: number };
  try {
    const canceller = await connect(url, { applicationName: 'predawn cancel', connectTimeout: 5000 });
    try {
      await canceller.query('select pg_cancel_backend($1)', [processID]);
    } finally {
      await canceller.end();
    }
  } catch {
    return;
  }
}
