import { basename } from 'node:path';
import { publishedReceipt } from '../domain/receipt.js';
import {
  chooseAttempt,
  type MovableAttempt,
  type MoveRequest,
  type MoveResult,
  rowsNotKept,
  type SliceHistory,
} from '../domain/slice-move.js';
import { type AttemptRecord, namesIn, readRecords, writeRecord } from './attempt-record.js';
import { isCode, onDisk } from './disk.js';
import { jobFolders, sliceFile, sliceFolders, type SliceFolders, stagedFile } from './layout.js';
import { type FileLock, onDiskLocked, takeLock } from './lock.js';
import { makeSlice } from './make-slice.js';
import { historyOf, movedRecord, nextPublication, unmovedRecord } from './moves.js';
import { type OnStep, presentPublication, removeOldAttempts, settle, sliceConflict } from './slice.js';
import { digestOf } from './staged-file.js';

export interface MoveOptions {
  readonly root: string;
  readonly now: () => Date;
  readonly onStep: OnStep;
}

/** `Publication.moveSlice`: the kept file of an attempt becomes the slice by a rename. */
export async function moveSlice(
  options: MoveOptions,
  request: MoveRequest,
  signal: AbortSignal,
): Promise<MoveResult> {
  const { root, now } = options;
  const { job, asOf } = request;
  signal.throwIfAborted();
  const folders = jobFolders(root, job, asOf);
  // A slip of the pen in a job's name should not leave folders of that name.
  if ((await onDisk(root, () => namesIn(folders.ledger))).length === 0) {
    chooseAttempt(request, { attempts: [], moves: [], current: undefined });
  }
  const lock = await onDisk(root, () =>
    takeLock({ folder: folders.locks, job, asOf, attemptId: request.id, now }),
  );
  try {
    return await onDiskLocked(root, lock, () => moveLocked(options, lock, request, signal));
  } finally {
    await lock.release();
  }
}

async function moveLocked(
  options: MoveOptions,
  lock: FileLock,
  request: MoveRequest,
  signal: AbortSignal,
): Promise<MoveResult> {
  const { root, now, onStep } = options;
  const { job, asOf, action, by, reason } = request;
  const common = jobFolders(root, job, asOf);
  const records = await settle(root, common.ledger, await readRecords(common.ledger), now());
  const kept = new Set((await namesIn(common.attempts)).map((name) => name.slice(0, name.lastIndexOf('.'))));
  const history = historyOf(records, kept);
  const chosen = chooseAttempt(request, history);
  let record = records.find(({ attemptId }) => attemptId === chosen.attemptId)!;
  const folders = sliceFolders(root, job, record.table, asOf);
  const attempt = { attemptId: chosen.attemptId, artefact: chosen.artefact };

  const present = await presentPublication(folders, records, record.table);
  if (chosen.attemptId === history.current && present?.attemptId === chosen.attemptId) {
    const changes = { inserted: 0, updated: 0, deleted: 0 };
    return { outcome: 'unchanged', attempt, replaced: undefined, changes };
  }
  await requireKeptFile(request, folders, record, chosen, history);
  const conflict = await sliceConflict(folders, record, records);
  if (conflict !== undefined) throw conflict;

  const replaced = history.attempts.find(({ attemptId }) => attemptId === history.current);
  const changes = { inserted: record.rows!, updated: 0, deleted: present?.rows ?? 0 };
  const publication = nextPublication(records);
  const move = {
    action,
    from: history.current,
    to: chosen.attemptId,
    by,
    reason,
    at: now().toISOString(),
    publication,
  };
  const publishing = { changes, replaced: history.current };
  const receipt =
    chosen.status === 'staged'
      ? publishedReceipt(record.receipt!, publishing, sliceFile(folders, record.format))
      : record.receipt!;
  const update = async (changed: AttemptRecord): Promise<void> => {
    await writeRecord(folders.ledger, changed);
    record = changed;
  };
  const progress = { visible: false };
  try {
    await makeSlice({
      folders,
      attemptId: chosen.attemptId,
      format: record.format,
      publication,
      lock,
      signal,
      onStep,
      announce: () => update({ ...record, pending: { move, receipt } }),
      record: async () => {
        // The record is the attempt's: a newer holder of the lock may have written it since.
        await lock.verify();
        await update(movedRecord(record));
      },
      onReplaced: () => (progress.visible = true),
    });
  } catch (error) {
    if (!progress.visible && record.pending !== undefined) {
      // If the lock is lost, its next holder settles this.
      const undone = lock.verify().then(() => update(unmovedRecord(record)));
      await undone.catch(() => undefined);
    }
    throw error;
  }
  const others = records.filter(({ attemptId }) => attemptId !== chosen.attemptId);
  // The slice is what was asked for, whether or not there is less to keep.
  await removeOldAttempts(folders, [...others, record], request.retain).catch(() => undefined);
  return { outcome: 'moved', attempt, replaced, changes };
}

/** The file is read: a disk or an editor may have changed it since. */
async function requireKeptFile(
  request: MoveRequest,
  folders: SliceFolders,
  { attemptId, format, outputDigest }: AttemptRecord,
  chosen: MovableAttempt,
  history: SliceHistory,
): Promise<void> {
  const path = stagedFile(folders, attemptId, format);
  let digest: string;
  try {
    digest = await digestOf(path);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
    throw rowsNotKept(request, chosen, history, 'were only in the slice, which others changed');
  }
  if (digest === outputDigest) return;
  throw rowsNotKept(request, chosen, history, `are damaged: ${basename(path)} is not what was published`);
}
