import type { Attempt, ComparedStage } from '../domain/publication.js';
import { StatementCanceller } from './cancel.js';
import { PostgresComparedStage } from './compared-stage.js';
import { applicationName, type AttemptSettings, openingError } from './locked-session.js';
import { installedVersion } from './migrations.js';
import { rowsTableName } from './names.js';
import { openTarget } from './open-target.js';
import { closeSession, openSession } from './session.js';

/** `Publication.withComparison`: stages in a transaction that is never committed. */
export async function runComparison<T>(
  settings: AttemptSettings,
  attempt: Attempt,
  signal: AbortSignal,
  work: (stage: ComparedStage) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const { url, location } = settings;
  const opening = (error: unknown): never => {
    throw openingError(error, settings, attempt, signal);
  };
  const session = await openSession(url, location, applicationName(attempt)).catch(opening);
  const canceller = new StatementCanceller(url, session, signal);
  try {
    const ledger = (await installedVersion(session).catch(opening)) > 0;
    const opened = await openTarget(session, location, attempt, ledger).catch(opening);
    const stage = new PostgresComparedStage({
      ...settings,
      ...opened,
      applicationName: applicationName(attempt),
      session,
      // Losing the connection loses no lock: the next statement says so.
      lost: new AbortController().signal,
      attempt,
      signal,
      canceller,
      rows: rowsTableName(opened.target, 'staged', attempt.asOf, attempt.id),
      keepRejects: false,
    });
    try {
      return await work(stage);
    } finally {
      await stage.rollback().catch(() => undefined);
    }
  } finally {
    await canceller.disarm();
    await closeSession(session);
  }
}
