import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import { failpoint } from '../domain/failpoint.js';
import { connect } from './connection.js';
import { lockKey } from './lock.js';

/** How long to ask a server for the outcome of a COMMIT before it counts as unresolved. */
export interface Patience {
  readonly tries: number;
  readonly pauseMilliseconds: number;
}

export interface Commit<T> {
  readonly url: string;
  readonly location: string;
  readonly job: string;
  readonly asOf: string;
  /** The connection that holds the lock of the slice, in an open transaction. */
  readonly session: pg.Client;
  readonly patience: Patience;
  /** The hint where the outcome stays unknown. */
  readonly again: string;
  /** What the transaction does last, under the slice's lock. */
  work(): Promise<T>;
  /** Asks the ledger, over another connection, whether the transaction was committed. */
  recorded(client: pg.Client): Promise<boolean>;
  /** Called before COMMIT is sent; throws to stop. From here on the outcome is the server's. */
  lastCall(): void;
}

/**
 * Does the last work of the transaction that is open, ends it, and returns when the outcome is known.
 *
 * @throws PredawnError kind `unavailable` where the server says that nothing was committed, kind `unresolved`
 *   where it can't be asked; and whatever the steps before COMMIT throw.
 */
export async function commitWork<T>(commit: Commit<T>): Promise<T> {
  const { session } = commit;
  let result: T;
  let transactionId: string;
  try {
    await session.query('select pg_advisory_xact_lock($1::bigint)', [lockKey(commit.job, commit.asOf)]);
    result = await commit.work();
    const current = await session.query<{ id: string }>('select pg_current_xact_id()::text as id');
    transactionId = current.rows[0]!.id;
    commit.lastCall();
  } catch (error) {
    await session.query('rollback').catch(() => undefined);
    throw error;
  }
  await failpoint('committing');
  try {
    await session.query('commit');
  } catch (error) {
    // An ordinary error in answer to COMMIT has rolled back; anything else may have come after it.
    if ((error as { severity?: string }).severity === 'ERROR') throw error;
    await requireCommitted(commit, transactionId, error);
  }
  await failpoint('committed');
  return result;
}

async function requireCommitted<T>(commit: Commit<T>, transactionId: string, cause: unknown): Promise<void> {
  const { asOf, job } = commit;
  switch (await findOutcome(commit, transactionId)) {
    case 'committed':
      return;
    case 'aborted':
      throw new PredawnError(
        'unavailable',
        'postgres.connection_lost',
        `${commit.location}: the connection was lost while ${asOf} of ${job} was being published; the server rolled it back.`,
        { hint: 'Run it again.', cause },
      );
    case 'unknown':
      throw new PredawnError(
        'unresolved',
        'publish.unresolved',
        `${commit.location}: the connection was lost while ${asOf} of ${job} was being published, and the server can't be asked whether it was.`,
        { hint: commit.again, cause },
      );
  }
}

async function findOutcome<T>(
  commit: Commit<T>,
  transactionId: string,
): Promise<'committed' | 'aborted' | 'unknown'> {
  const { tries, pauseMilliseconds } = commit.patience;
  for (let asked = 1; ; asked++) {
    try {
      const outcome = await askOutcome(commit, transactionId);
      if (outcome !== 'in progress') return outcome;
    } catch {
      // Asked again below: the server may be restarting.
    }
    if (asked >= tries) return 'unknown';
    await delay(pauseMilliseconds);
  }
}

async function askOutcome<T>(
  commit: Commit<T>,
  transactionId: string,
): Promise<'committed' | 'aborted' | 'in progress'> {
  const client = await connect(commit.url, {
    applicationName: `predawn ${commit.job}`,
    connectTimeout: 5000,
  });
  try {
    if ((await statusOf(client, transactionId)) === 'in progress') return 'in progress';
    // The ledger has the last word: after a failover the number may be another transaction's.
    return (await commit.recorded(client)) ? 'committed' : 'aborted';
  } finally {
    await client.end().catch(() => undefined);
  }
}

const INVALID_PARAMETER_VALUE = '22023';

/** Undefined where the server does not know the transaction: it is too old, or was lost in a crash with its number. */
async function statusOf(client: pg.Client, transactionId: string): Promise<string | undefined> {
  const sql = 'select pg_xact_status($1::text::xid8) as status';
  try {
    const { rows } = await client.query<{ status: string | null }>(sql, [transactionId]);
    return rows[0]?.status ?? undefined;
  } catch (error) {
    // A crash forgets numbers that nothing was written down with: they are then "in the future".
    if ((error as { code?: string }).code === INVALID_PARAMETER_VALUE) return undefined;
    throw error;
  }
}
