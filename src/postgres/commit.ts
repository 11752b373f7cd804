import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { Publishing } from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import { recordReceipt, requireOpen } from './attempts.js';
import { connect } from './connection.js';
import { lockKey } from './lock.js';
import { publishRows, type RowsToPublish } from './publish.js';

/** How long to ask a server for the outcome of a COMMIT before it counts as unresolved. */
export interface Patience {
  readonly tries: number;
  readonly pauseMilliseconds: number;
}

export interface Commit {
  readonly url: string;
  readonly location: string;
  /** The connection that holds the lock of the slice, in the transaction that staged the rows. */
  readonly session: pg.Client;
  readonly rows: RowsToPublish;
  readonly patience: Patience;
  readonly complete: (publishing: Publishing) => Receipt;
  /** Called before COMMIT is sent; throws to stop. From here on the outcome is the server's. */
  readonly lastCall: () => void;
}

/**
 * Publishes rows and receipt in the transaction that is open, ends it, and returns when the outcome is known.
 *
 * @throws PredawnError kind `unavailable` where the server says that nothing was committed, kind `unresolved`
 *   where it can't be asked; and whatever the steps before COMMIT throw.
 */
export async function commitRows(commit: Commit): Promise<Receipt> {
  const { session, rows } = commit;
  let receipt: Receipt;
  let transactionId: string;
  try {
    await session.query('select pg_advisory_xact_lock($1::bigint)', [lockKey(rows.target.job, rows.asOf)]);
    await requireOpen(session, rows.attemptId);
    const current = await session.query<{ id: string }>('select pg_current_xact_id()::text as id');
    transactionId = current.rows[0]!.id;
    receipt = commit.complete({ changes: await publishRows(session, rows) });
    await recordReceipt(session, rows.attemptId, 'published', receipt);
    commit.lastCall();
  } catch (error) {
    await session.query('rollback').catch(() => undefined);
    throw error;
  }
  try {
    await session.query('commit');
  } catch (error) {
    // An ordinary error in answer to COMMIT has rolled back; anything else may have come after it.
    if ((error as { severity?: string }).severity === 'ERROR') throw error;
    await requireCommitted(commit, transactionId, error);
  }
  return receipt;
}

async function requireCommitted(commit: Commit, transactionId: string, cause: unknown): Promise<void> {
  const { asOf, target } = commit.rows;
  switch (await findOutcome(commit, transactionId)) {
    case 'committed':
      return;
    case 'aborted':
      throw new PredawnError(
        'unavailable',
        'postgres.connection_lost',
        `${commit.location}: the connection was lost while ${asOf} of ${target.job} was being published; the server rolled it back.`,
        { hint: 'Run it again.', cause },
      );
    case 'unknown':
      throw new PredawnError(
        'unresolved',
        'publish.unresolved',
        `${commit.location}: the connection was lost while ${asOf} of ${target.job} was being published, and the server can't be asked whether it was.`,
        {
          hint: 'Run it again: if it was published, that says so and changes nothing.',
          cause,
        },
      );
  }
}

async function findOutcome(
  commit: Commit,
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

async function askOutcome(
  { url, rows }: Commit,
  transactionId: string,
): Promise<'committed' | 'aborted' | 'in progress'> {
  const client = await connect(url, { applicationName: `predawn ${rows.target.job}`, connectTimeout: 5000 });
  try {
    const transaction = await client.query<{ status: string | null }>(
      'select pg_xact_status($1::text::xid8) as status',
      [transactionId],
    );
    if (transaction.rows[0]?.status === 'in progress') return 'in progress';
    // The ledger has the last word: after a failover the number may be another transaction's.
    const attempts = await client.query<{ status: string }>(
      'select status from predawn.attempts where attempt_id = $1',
      [rows.attemptId],
    );
    return attempts.rows[0]?.status === 'published' ? 'committed' : 'aborted';
  } finally {
    await client.end().catch(() => undefined);
  }
}
