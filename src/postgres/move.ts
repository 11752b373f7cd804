import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import { publishedReceipt, type Receipt } from '../domain/receipt.js';
import {
  chooseAttempt,
  type MovableAttempt,
  type MoveRequest,
  type MoveResult,
  rowsNotKept,
  type SliceHistory,
} from '../domain/slice-move.js';
import { settleKilled } from './attempts.js';
import type { StatementCanceller } from './cancel.js';
import { commitWork } from './commit.js';
import { translate } from './errors.js';
import { fitKept, readHistory, type KeptAttempt, readKept } from './kept-rows.js';
import { findPartition, inspect } from './inspect.js';
import { type AttemptSettings, withLockedSession } from './locked-session.js';
import { countRows } from './count-rows.js';
import { makeSlice, type Target } from './make-slice.js';
import { rowsTableName, sqlName } from './names.js';
import { dropUnneeded } from './retention.js';
import { begin, transaction } from './transaction.js';

/** `Publication.moveSlice`: the kept rows of an attempt become the slice in one transaction. */
export async function moveSlice(
  settings: AttemptSettings,
  request: MoveRequest,
  signal: AbortSignal,
): Promise<MoveResult> {
  return withLockedSession(settings, request, signal, async (session, canceller) => {
    try {
      const result = await moveLocked(settings, session, canceller, request, signal);
      // The slice is what was asked for, whether or not there is less to keep.
      await dropUnneeded(session, request.job, request.asOf, request.retain).catch(() => undefined);
      return result;
    } catch (error) {
      if (signal.aborted && !(error instanceof PredawnError)) throw signal.reason;
      const doing = `${request.action === 'restore' ? 'restoring' : 'publishing'} ${request.job} for ${request.asOf}`;
      throw translate(error, { location: settings.location, doing });
    }
  });
}

async function moveLocked(
  settings: AttemptSettings,
  session: pg.Client,
  canceller: StatementCanceller,
  request: MoveRequest,
  signal: AbortSignal,
): Promise<MoveResult> {
  const { job, asOf } = request;
  await transaction(session, settings.lockSeconds, () =>
    settleKilled(session, job, asOf, `the next ${request.action} of its date`),
  );
  const history = await readHistory(session, job, asOf);
  const chosen = chooseAttempt(request, history);
  await begin(session, settings.lockSeconds);
  return commitWork({
    ...settings,
    job,
    asOf,
    session,
    again: `Run it again with ${chosen.attemptId} as the attempt: if the slice is that one's, that says so and changes nothing.`,
    work: () => move(session, settings.location, request, chosen, history),
    recorded: async (client) => {
      const { rows } = await client.query('select from predawn.publications where request_id = $1', [
        request.id,
      ]);
      return rows.length === 1;
    },
    lastCall: () => {
      signal.throwIfAborted();
      void canceller.disarm();
    },
  });
}

async function move(
  session: pg.Client,
  location: string,
  request: MoveRequest,
  chosen: MovableAttempt,
  history: SliceHistory,
): Promise<MoveResult> {
  const kept = await readKept(session, chosen.attemptId);
  const target = await findTarget(session, location, request, kept);
  const attempt = { attemptId: chosen.attemptId, artefact: chosen.artefact };
  if (chosen.attemptId === history.current && (await isWhole(session, target, request.asOf, kept))) {
    const changes = { inserted: 0, updated: 0, deleted: 0 };
    return { outcome: 'unchanged', attempt, replaced: undefined, changes };
  }
  const { asOf, job, retain } = request;
  const rows = kept.rows;
  if (rows === undefined)
    throw rowsNotKept(request, chosen, history, 'were only in the table, where others changed them');
  const name = rowsTableName(target.name, 'staged', asOf, request.id);
  const { layout, source } = await fitKept(session, target, rows, chosen);
  const count = await countRows(session, source, asOf);
  if (count !== kept.receipt.output.rows) {
    const found = `are damaged: ${sqlName(rows.name)} has ${count} of ${kept.receipt.output.rows}`;
    throw rowsNotKept(request, chosen, history, found);
  }
  const publishing = await makeSlice(
    session,
    { ...target, layout },
    {
      job,
      asOf,
      attemptId: chosen.attemptId,
      rows: rows.name,
      source,
      whole: rows.base === undefined,
      copy: { name, constants: { ...attempt, asOf, scoredAt: chosen.startedAt } },
      expected: count,
      retain,
      move: { requestId: request.id, action: request.action, by: request.by, reason: request.reason },
    },
  );
  if (chosen.status === 'staged') {
    const place = `${sqlName(target.name)} in ${location}`;
    await recordPublished(session, attempt.attemptId, publishedReceipt(kept.receipt, publishing, place));
  }
  const replaced = history.attempts.find(({ attemptId }) => attemptId === publishing.replaced);
  return { outcome: 'moved', attempt, replaced, changes: publishing.changes };
}

async function findTarget(
  session: pg.Client,
  location: string,
  { job, asOf }: MoveRequest,
  { target }: KeptAttempt,
): Promise<Omit<Target, 'layout'>> {
  const { name, existing } = await inspect(session, target, true);
  if (existing !== undefined) return { name, existing };
  throw new PredawnError(
    'configuration',
    'table.gone',
    `${job} for ${asOf} was published to ${target} in ${location}, which is not there.`,
    { hint: `Score the date again: predawn run ${job} --date ${asOf} --force` },
  );
}

/** Whether the slice has the rows that it should have, as far as their number tells. */
async function isWhole(
  session: pg.Client,
  { name, existing }: Omit<Target, 'layout'>,
  asOf: string,
  { receipt }: KeptAttempt,
): Promise<boolean> {
  if (existing.createdFor !== undefined) {
    const partition = await findPartition(session, existing.oid, asOf);
    if (partition === undefined) return false;
  }
  return (await countRows(session, name, asOf)) === receipt.output.rows;
}

async function recordPublished(session: pg.Client, attemptId: string, receipt: Receipt): Promise<void> {
  await session.query(
    `update predawn.attempts set status = 'published', receipt = $2::json, published_at = clock_timestamp()
     where attempt_id = $1 and status = 'staged'`,
    [attemptId, JSON.stringify(receipt)],
  );
}
