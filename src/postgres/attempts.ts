import type pg from 'pg';
import { describeError, PredawnError } from '../domain/errors.js';
import type { Attempt, PublishedSlice } from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import type { ShardPlan } from '../domain/shards.js';
import { sqlState } from './errors.js';
import { endOvertaken } from './shard-ledger.js';
import { transaction } from './transaction.js';

const LOCK_SECONDS = 10;

/** What an attempt in shards has beside. `table` is a name quoted for SQL. */
export interface ShardsOfAttempt {
  readonly plan: ShardPlan;
  readonly table: string;
}

/** Records an attempt as open. Throws kind `unavailable`, code `lock.held`, where another one of its kind is. */
export async function insertAttempt(
  client: pg.Client,
  attempt: Attempt,
  target: string,
  shards?: ShardsOfAttempt,
): Promise<void> {
  try {
    await client.query(
      `insert into predawn.attempts (attempt_id, job, environment, as_of, status, artefact, artefact_digest,
         job_digest, target_table, backend_pid, started_at, shard_plan, shards_table)
       values ($1, $2, $3, $4::date, 'open', $5, $6, $7, $8, pg_backend_pid(), $9, $10, $11)`,
      [
        attempt.id,
        attempt.job,
        attempt.environment,
        attempt.asOf,
        attempt.artefact,
        attempt.artefactDigest,
        attempt.jobDigest,
        target,
        attempt.startedAt,
        shards === undefined ? null : JSON.stringify(shards.plan),
        shards?.table ?? null,
      ],
    );
  } catch (error) {
    const { constraint } = error as { constraint?: string };
    if (sqlState(error) !== '23505' || !ONE_OPEN.includes(constraint ?? '')) throw error;
    throw new PredawnError(
      'unavailable',
      'lock.held',
      `${attempt.job} for ${attempt.asOf} is being run already: another attempt opened it at the same moment.`,
      { hint: 'Wait for it to end, then run again if its date is still not published.' },
    );
  }
}

const ONE_OPEN = ['attempts_one_open', 'attempts_one_in_shards'];

/**
 * Records as failed what killed attempts of a date left open; one in shards stays open, to be resumed, unless a later
 * attempt was published. For the holder of the date's lock only.
 */
export async function settleKilled(client: pg.Client, job: string, asOf: string, by: string): Promise<void> {
  await client.query(
    `update predawn.attempts set status = 'failed', finished_at = clock_timestamp(),
       error_kind = 'interrupted', error_code = 'attempt.killed',
       error_message = 'It ended without a word: killed, or cut off from the database. Settled by ' || $3
     where job = $1 and as_of = $2::date and status = 'open' and shard_plan is null`,
    [job, asOf, by],
  );
  await endOvertaken(client, job, asOf);
}

/** What the ledger says the slice holds, published to the table `target` (quoted for SQL). */
export async function readSlice(
  client: pg.Client,
  job: string,
  asOf: string,
  target: string,
): Promise<PublishedSlice | undefined> {
  const { rows } = await client.query<{
    attempt: string;
    artefact: string;
    job: string;
    input: string;
    receipt: Receipt;
  }>(
    `select attempt_id as attempt, a.artefact_digest as artefact, a.job_digest as job,
       a.input_fingerprint as input, a.receipt
     from predawn.slices s join predawn.attempts a using (attempt_id)
     where s.job = $1 and s.as_of = $2::date and a.target_table = $3`,
    [job, asOf, target],
  );
  const [slice] = rows;
  return (
    slice && {
      attemptId: slice.attempt,
      artefactDigest: slice.artefact,
      jobDigest: slice.job,
      inputFingerprint: slice.input,
      receipt: slice.receipt,
    }
  );
}

/**
 * The fence: locks the attempt's row and throws kind `unavailable`, code `attempt.superseded`, unless it is open
 * still. Inside a transaction.
 */
export async function requireOpen(client: pg.Client, attemptId: string): Promise<void> {
  const { rows } = await client.query<{ status: string }>(
    'select status from predawn.attempts where attempt_id = $1 for update',
    [attemptId],
  );
  if (rows[0]?.status !== 'open') throw superseded(attemptId, rows[0]?.status);
}

/**
 * Ends an open attempt with a receipt. Inside the transaction that publishes, or on its own. `rowsTable`, quoted for
 * SQL, is where a staged attempt's rows are.
 */
export async function recordReceipt(
  client: pg.Client,
  attemptId: string,
  status: 'published' | 'staged' | 'unchanged',
  receipt: Receipt,
  rowsTable?: string,
): Promise<void> {
  const { rowCount } = await client.query(
    `update predawn.attempts set status = $2, receipt = $3::json, input_fingerprint = $4, output_digest = $5,
       finished_at = $6, published_at = case when $2 = 'published' then clock_timestamp() end,
       rows_table = coalesce($7, rows_table)
     where attempt_id = $1 and status = 'open'`,
    [
      attemptId,
      status,
      JSON.stringify(receipt),
      receipt.input.fingerprint,
      receipt.output.digest,
      receipt.finished_at,
      rowsTable ?? null,
    ],
  );
  if (rowCount !== 1) throw superseded(attemptId, undefined);
}

/** Ends an attempt as failed, if it is open still. */
export async function recordFailure(client: pg.Client, attemptId: string, error: unknown): Promise<void> {
  const known = error instanceof PredawnError ? error : undefined;
  await transaction(client, LOCK_SECONDS, () =>
    client.query(
      `update predawn.attempts set status = 'failed', finished_at = clock_timestamp(),
         error_kind = $2, error_code = $3, error_message = $4
       where attempt_id = $1 and status = 'open'`,
      [attemptId, known?.kind ?? 'internal', known?.code ?? 'unexpected', failureText(error)],
    ),
  );
}

function failureText(error: unknown): string {
  const problems = error instanceof PredawnError ? error.problems : [];
  const lines = [error, ...problems].map(describeError);
  return [...new Set(lines)].join('\n').replaceAll('\0', '\u2400');
}

/** Kind `unavailable`, code `attempt.superseded`. */
export function superseded(attemptId: string, status: string | undefined): PredawnError {
  return new PredawnError(
    'unavailable',
    'attempt.superseded',
    `Attempt ${attemptId} is ${status ?? 'gone'} in the ledger: another run took over its date. It published nothing.`,
    { hint: 'See `predawn runs` for the run that took over.' },
  );
}
