import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import { failpoint } from '../domain/failpoint.js';
import type { Attempt, Stage } from '../domain/publication.js';
import { insertAttempt, recordFailure, settleKilled } from './attempts.js';
import { applicationName, type AttemptSettings, openingError, withLockedSession } from './locked-session.js';
import { rowsTableName, sqlName } from './names.js';
import { currentSlice, findTarget, type OpenedTarget } from './open-target.js';
import { dropUnneeded } from './retention.js';
import { dropEndedShards, endOvertaken } from './shard-ledger.js';
import { closeSession, openSession } from './session.js';
import { PostgresStage } from './stage.js';
import { transaction } from './transaction.js';

/** `Publication.withAttempt`: takes the lock, opens the attempt, runs `work`, settles, gives the lock back. */
export async function runAttempt<T>(
  settings: AttemptSettings,
  attempt: Attempt,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  return withLockedSession(settings, attempt, signal, async (session, canceller) => {
    const opened = await open(session, settings, attempt).catch((error: unknown) => {
      throw openingError(error, settings, attempt, signal);
    });
    const stage = new PostgresStage({
      ...settings,
      ...opened,
      applicationName: applicationName(attempt),
      session,
      lost: lossOf(session, settings, attempt),
      attempt,
      signal,
      canceller,
      rows: rowsTableName(opened.target, 'staged', attempt.asOf, attempt.id),
      keepRejects: true,
    });
    return runWork(settings, session, attempt, stage, work);
  });
}

/** Settles what killed attempts of the date left open (their lock is ours now) and records this one as open. */
async function open(session: pg.Client, settings: AttemptSettings, attempt: Attempt): Promise<OpenedTarget> {
  const { location, lockSeconds } = settings;
  const { id, job, asOf } = attempt;
  const found = await findTarget(session, location, attempt, true);
  return transaction(session, lockSeconds, async () => {
    await settleKilled(session, job, asOf, `attempt ${id}`);
    await insertAttempt(session, attempt, sqlName(found.target));
    // Only now: nobody publishes between this look and the record that stops them.
    return { ...found, current: await currentSlice(session, attempt, found) };
  });
}

/** Aborted when the connection that holds the lock is lost. */
export function lossOf(
  session: pg.Client,
  { location }: AttemptSettings,
  { job, asOf }: Attempt,
): AbortSignal {
  const controller = new AbortController();
  session.once('end', () => {
    controller.abort(
      new PredawnError(
        'unavailable',
        'postgres.connection_lost',
        `${location}: the connection that holds the lock of ${job} for ${asOf} was lost; nothing was published.`,
        { hint: 'Run it again.' },
      ),
    );
  });
  return controller.signal;
}

async function runWork<T>(
  settings: AttemptSettings,
  session: pg.Client,
  attempt: Attempt,
  stage: PostgresStage,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  let failure: unknown = new PredawnError('internal', 'attempt.abandoned', 'It ended without publishing.');
  try {
    return await work(stage);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await stage.close();
    await settle(settings, session, attempt, stage, failure);
  }
}

/** Records a failure and drops what nobody needs; never throws, and leaves to the next run what can't be done. */
async function settle(
  settings: AttemptSettings,
  session: pg.Client,
  attempt: Attempt,
  stage: PostgresStage,
  failure: unknown,
): Promise<void> {
  // The transaction may yet be committed.
  if (failure instanceof PredawnError && failure.kind === 'unresolved') return;
  const settleOn = async (client: pg.Client) => {
    if (!stage.ended) await recordFailure(client, attempt.id, failure);
    await dropUnneeded(client, attempt.job, attempt.asOf, attempt.retain);
    await endOvertaken(client, attempt.job, attempt.asOf);
    await dropEndedShards(client, attempt.job, attempt.asOf);
  };
  await failpoint('settling');
  try {
    await stage.rollback();
    await settleOn(session);
  } catch {
    const { url, location } = settings;
    const fresh = await openSession(url, location, 'predawn settle').catch(() => undefined);
    if (fresh === undefined) return;
    await settleOn(fresh).catch(() => undefined);
    await closeSession(fresh);
  }
}
