import type pg from 'pg';
import { combine, PredawnError } from '../domain/errors.js';
import type { Attempt, PublishedSlice, Stage } from '../domain/publication.js';
import { openAttempt, readSlice, recordFailure } from './attempts.js';
import { StatementCanceller } from './cancel.js';
import type { Patience } from './commit.js';
import { targetProblems } from './compatibility.js';
import { translate } from './errors.js';
import { hasPartition, inspect, type Inspection } from './inspect.js';
import { type LayoutColumn, layoutLike, layoutOf } from './layout.js';
import { releaseLock, takeLock } from './lock.js';
import { migrate } from './migrations.js';
import { type QualifiedName, rowsTableName, sqlName } from './names.js';
import { countRows } from './publish.js';
import { dropUnneeded } from './retention.js';
import { closeSession, openSession } from './session.js';
import { PostgresStage } from './stage.js';

export interface AttemptSettings {
  readonly url: string;
  readonly location: string;
  readonly lockSeconds: number;
  readonly patience: Patience;
}

/** `Publication.withAttempt`: takes the lock, opens the attempt, runs `work`, settles, gives the lock back. */
export async function runAttempt<T>(
  settings: AttemptSettings,
  attempt: Attempt,
  signal: AbortSignal,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { url, location } = settings;
  const { job, asOf } = attempt;
  const applicationName = `predawn ${asOf} ${job}`;
  const translated = (error: unknown): never => {
    if (signal.aborted) throw signal.reason;
    throw translate(error, { location, doing: `opening ${job} for ${asOf}` });
  };
  const session = await openSession(url, location, applicationName).catch(translated);
  const canceller = new StatementCanceller(url, session, signal);
  try {
    await migrate(session, location).catch(translated);
    await takeLock(session, job, asOf).catch(translated);
    try {
      const { name, layout, checks, current } = await open(session, location, attempt).catch(translated);
      const stage = new PostgresStage({
        ...settings,
        applicationName,
        session,
        lost: lossOf(session, settings, attempt),
        attempt,
        signal,
        canceller,
        current,
        target: name,
        layout,
        checks,
        rows: rowsTableName(name, 'staged', asOf, attempt.id),
      });
      return await runWork(settings, session, attempt, stage, work);
    } finally {
      await canceller.disarm();
      await releaseLock(session, job, asOf).catch(() => undefined);
    }
  } finally {
    await canceller.disarm();
    await closeSession(session);
  }
}

interface Opened {
  readonly name: QualifiedName;
  /** Of the target, if it is ours and there. */
  readonly layout: readonly LayoutColumn[];
  readonly checks: readonly string[];
  readonly current: PublishedSlice | undefined;
}

async function open(session: pg.Client, location: string, attempt: Attempt): Promise<Opened> {
  const inspection = await inspect(session, attempt.target.table, true);
  const { name, existing } = inspection;
  const problems = targetProblems(attempt.target, inspection);
  if (problems.length > 0) {
    throw combine(problems, `${attempt.job} can't publish to ${sqlName(name)} in ${location}.`);
  }
  const current = await currentSlice(session, attempt, inspection);
  await openAttempt(session, attempt, sqlName(name));
  const layout = layoutOf(attempt.target);
  return existing?.createdFor === undefined
    ? { name, layout, checks: [], current }
    : { name, layout: layoutLike(layout, existing.columns), checks: existing.checks, current };
}

/** What the slice holds; nothing where someone removed its table, its partition or rows, or added some. */
async function currentSlice(
  session: pg.Client,
  { job, asOf }: Attempt,
  { name, existing }: Inspection,
): Promise<PublishedSlice | undefined> {
  if (existing === undefined) return undefined;
  if (existing.createdFor !== undefined && !(await hasPartition(session, existing.oid, asOf)))
    return undefined;
  const slice = await readSlice(session, job, asOf, sqlName(name));
  if (slice === undefined) return undefined;
  return (await countRows(session, name, asOf)) === slice.receipt.output.rows ? slice : undefined;
}

function lossOf(session: pg.Client, { location }: AttemptSettings, { job, asOf }: Attempt): AbortSignal {
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
  };
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
