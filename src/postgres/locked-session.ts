import type pg from 'pg';
import { failpoint } from '../domain/failpoint.js';
import { StatementCanceller } from './cancel.js';
import type { Patience } from './commit.js';
import { translate } from './errors.js';
import { releaseLock, takeLock } from './lock.js';
import { migrate } from './migrations.js';
import { refuseSharedSessions } from './pooler.js';
import { closeSession, openSession } from './session.js';

export interface AttemptSettings {
  readonly url: string;
  readonly location: string;
  readonly lockSeconds: number;
  readonly patience: Patience;
}

interface Slice {
  readonly job: string;
  readonly asOf: string;
}

/** As the connections of a slice show in pg_stat_activity. */
export function applicationName({ job, asOf }: Slice): string {
  return `predawn ${asOf} ${job}`;
}

/** What the server says while a slice is opened, in our words; the signal's reason, where that came first. */
export function openingError(
  error: unknown,
  { location }: AttemptSettings,
  { job, asOf }: Slice,
  signal: AbortSignal,
): unknown {
  return signal.aborted ? signal.reason : translate(error, { location, doing: `opening ${job} for ${asOf}` });
}

/** Works on a connection that holds the lock of a slice, in a schema that is up to date. */
export async function withLockedSession<T>(
  settings: AttemptSettings,
  slice: Slice,
  signal: AbortSignal,
  work: (session: pg.Client, canceller: StatementCanceller) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { url, location } = settings;
  const { job, asOf } = slice;
  const opening = <Result>(promise: Promise<Result>): Promise<Result> =>
    promise.catch((error: unknown) => {
      throw openingError(error, settings, slice, signal);
    });
  const session = await opening(openSession(url, location, applicationName(slice)));
  const canceller = new StatementCanceller(url, session, signal);
  try {
    await opening(refuseSharedSessions(session, url, location));
    await opening(migrate(session, location));
    await opening(takeLock(session, job, asOf));
    try {
      await failpoint('lock taken');
      return await work(session, canceller);
    } finally {
      await canceller.disarm();
      await failpoint('settled');
      await releaseLock(session, job, asOf).catch(() => undefined);
    }
  } finally {
    await canceller.disarm();
    await closeSession(session);
  }
}
