import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { AttemptStatus } from '../domain/receipt.js';
import type { AttemptReference, ShardOutcome, ShardStage } from '../domain/sharded-publication.js';
import type { ShardManifest, ShardPlan } from '../domain/shards.js';
import type { Tally } from '../domain/tally.js';
import { StatementCanceller } from './cancel.js';
import { translate } from './errors.js';
import { applicationName, type AttemptSettings } from './locked-session.js';
import { parseTableName, type QualifiedName } from './names.js';
import { closeSession, openSession } from './session.js';
import { PostgresShardStage } from './shard-stage.js';
import { begin } from './transaction.js';

const FROZEN_SECONDS = 30;

/** `ShardedPublication.withShard`, on a connection of its own and without the lock of the date. */
export async function commitShard(
  settings: AttemptSettings,
  reference: AttemptReference,
  shard: number,
  signal: AbortSignal,
  work: (stage: ShardStage) => Promise<Tally>,
): Promise<ShardOutcome> {
  signal.throwIfAborted();
  const { url, location } = settings;
  const doing = `committing shard ${shard} of ${reference.job} for ${reference.asOf}`;
  const inOurWords = (error: unknown): unknown =>
    signal.aborted ? signal.reason : translate(error, { location, doing });
  const client = await openSession(url, location, `${applicationName(reference)} shard ${shard}`).catch(
    (error: unknown) => {
      throw inOurWords(error);
    },
  );
  const canceller = new StatementCanceller(url, client, signal);
  try {
    const attempt = await lookAt(client, reference.attemptId, shard);
    if (typeof attempt === 'object' && 'kind' in attempt) return attempt;
    return await commit(settings, client, canceller, attempt, shard, work);
  } catch (error) {
    if (error instanceof PredawnError) throw error;
    await canceller.disarm();
    // Its table is gone once the attempt has ended: then that is why the shard could not be committed.
    const ended = signal.aborted ? undefined : await lateness(client, reference.attemptId);
    if (ended !== undefined) return ended;
    throw inOurWords(error);
  } finally {
    await canceller.disarm();
    await closeSession(client);
  }
}

interface OpenAttempt {
  readonly plan: ShardPlan;
  readonly rows: QualifiedName;
}

async function lookAt(
  client: pg.Client,
  attemptId: string,
  shard: number,
): Promise<OpenAttempt | ShardOutcome> {
  const { rows } = await client.query<{
    status: AttemptStatus;
    plan: ShardPlan;
    table: string | null;
    present: boolean;
  }>(
    `select status, shard_plan as plan, shards_table as table,
       exists (select from predawn.shards where attempt_id = $1 and shard = $2) as present
     from predawn.attempts where attempt_id = $1 and shard_plan is not null`,
    [attemptId, shard],
  );
  const [found] = rows;
  if (found === undefined) throw new TypeError(`no attempt in shards: ${attemptId}`);
  if (found.status !== 'open') return { kind: 'late', status: found.status };
  if (found.present) return { kind: 'present' };
  const { schema, table } = parseTableName(found.table!);
  return { plan: found.plan, rows: { schema: schema!, table } };
}

async function commit(
  { lockSeconds }: AttemptSettings,
  client: pg.Client,
  canceller: StatementCanceller,
  { plan, rows }: OpenAttempt,
  shard: number,
  work: (stage: ShardStage) => Promise<Tally>,
): Promise<ShardOutcome> {
  await begin(client, lockSeconds);
  const stage = new PostgresShardStage(client, rows, plan.attempt);
  try {
    const tally = await work(stage);
    const manifest: ShardManifest = { shard, ...(await stage.finish()), tally };
    const outcome = await insertManifest(client, plan.attempt.id, manifest);
    if (outcome.kind === 'committed') {
      await canceller.disarm();
      await client.query('commit');
    } else await client.query('rollback');
    return outcome;
  } catch (error) {
    await canceller.disarm();
    await stage.cancel().catch(() => undefined);
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** The fence, and the one place where a shard becomes committed: by the primary key, once. */
async function insertManifest(
  client: pg.Client,
  attemptId: string,
  manifest: ShardManifest,
): Promise<ShardOutcome> {
  // A process that is frozen from here on must not hold up the others for long: the server ends it.
  await client.query(`set local idle_in_transaction_session_timeout = '${FROZEN_SECONDS}s'`);
  // Whoever publishes or ends the attempt has its row locked: then this waits, and sees what became of it.
  const ended = await lateness(client, attemptId, 'for share');
  if (ended !== undefined) return ended;
  const { rowCount } = await client.query(
    `insert into predawn.shards (attempt_id, shard, manifest) values ($1, $2, $3::json) on conflict do nothing`,
    [attemptId, manifest.shard, JSON.stringify(manifest)],
  );
  return rowCount === 1 ? { kind: 'committed', tally: manifest.tally } : { kind: 'present' };
}

async function lateness(
  client: pg.Client,
  attemptId: string,
  lock: 'for share' | '' = '',
): Promise<(ShardOutcome & { kind: 'late' }) | undefined> {
  const { rows } = await client
    .query<{ status: AttemptStatus }>(`select status from predawn.attempts where attempt_id = $1 ${lock}`, [
      attemptId,
    ])
    .catch((error: unknown) => {
      if (lock !== '') throw error;
      // Asked after a failure, over a connection that may be lost: then nothing is known.
      return { rows: [] };
    });
  const status = rows[0]?.status;
  return status === undefined || status === 'open' ? undefined : { kind: 'late', status };
}
