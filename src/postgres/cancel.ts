import { connect } from './connection.js';

/** Asks the server to stop what these processes are doing. Best effort: they also end with their connection. */
export async function cancelStatements(url: string, processes: readonly number[]): Promise<void> {
  if (processes.length === 0) return;
  try {
    const client = await connect(url, { applicationName: 'predawn cancel', connectTimeout: 5000 });
    try {
      await client.query('select pg_cancel_backend(pid) from unnest($1::integer[]) as pid', [processes]);
    } finally {
      await client.end();
    }
  } catch {
    return;
  }
}
