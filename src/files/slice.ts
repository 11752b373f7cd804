import { rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PredawnError } from '../domain/errors.js';
import type { FileFormat } from '../domain/job.js';
import type { TargetTable } from '../domain/publication.js';
import {
  type AttemptRecord,
  currentOf,
  failedRecord,
  namesIn,
  openRecord,
  removeUnfinishedRecords,
  writeRecord,
} from './attempt-record.js';
import { ensureFolder, isCode, linkOrCopy, syncFolder } from './disk.js';
import {
  offendingFile,
  rejectsFile,
  sliceFile,
  type SliceFolders,
  sliceFolders,
  stagedFile,
} from './layout.js';
import { movedRecord, unmovedRecord } from './moves.js';
import { endOvertaken } from './overtaken.js';
import { preparedFile, removeAttemptFiles } from './remove-attempt.js';
import { digestOf } from './staged-file.js';

/** Told before what follows it; a test stops or kills the process there. */
export type PublishStep = 'recorded' | 'linked' | 'renamed' | 'synced' | 'published';
export type OnStep = (step: PublishStep) => Promise<void> | void;

/** Puts an attempt's staged rows beside the slice under a name that no reader takes for data. */
export async function prepareSlice(
  folders: SliceFolders,
  attemptId: string,
  format: FileFormat,
): Promise<string> {
  await ensureFolder(folders.slice);
  const table = dirname(folders.slice);
  await syncFolder(table);
  await syncFolder(dirname(table));
  const prepared = preparedFile(folders, attemptId);
  await linkOrCopy(stagedFile(folders, attemptId, format), prepared);
  return prepared;
}

/** The one moment at which readers get the new rows instead of the old ones. */
export async function replaceSlice(
  prepared: string,
  folders: SliceFolders,
  format: FileFormat,
): Promise<void> {
  await rename(prepared, sliceFile(folders, format));
}

/**
 * Decides what became of attempts and moves that were killed: done, where the slice's file is theirs, else not. For
 * the holder of the date's lock only. `ledger` is the folder of the records. Returns them as they are now.
 */
export async function settle(
  root: string,
  ledger: string,
  records: readonly AttemptRecord[],
  now: Date,
): Promise<readonly AttemptRecord[]> {
  await removeUnfinishedRecords(ledger);
  const settled: AttemptRecord[] = [];
  for (const record of records) {
    const { status, pending, job, table, asOf, attemptId, shards } = record;
    const waits = status === 'open' && shards !== undefined;
    if (waits || (status !== 'open' && status !== 'publishing' && pending === undefined)) {
      settled.push(record);
      continue;
    }
    const folders = sliceFolders(root, job, table, asOf);
    const done = status !== 'open' && (await isSlice(folders, record));
    const outcome =
      pending === undefined
        ? endedRecord(record, done, now)
        : done
          ? movedRecord(record)
          : unmovedRecord(record);
    await writeRecord(ledger, outcome);
    if (outcome.status === 'failed') await removeAttemptFiles(folders, attemptId);
    await rm(preparedFile(folders, attemptId), { force: true });
    settled.push(outcome);
  }
  return endOvertaken(root, ledger, settled, now);
}

function endedRecord(record: AttemptRecord, published: boolean, now: Date): AttemptRecord {
  if (published) return { ...record, status: 'published', finishedAt: now.toISOString() };
  // Its shards are all there: whoever publishes it next puts them together again.
  if (record.shards !== undefined) return openRecord(record.shards.attempt, record.shards);
  return failedRecord(record, KILLED, now);
}

const KILLED = {
  kind: 'interrupted',
  code: 'attempt.killed',
  message: 'The process ended before it had published.',
};

/** The publication that the slice's file really is; undefined where readers find no such file or another one. */
export async function presentPublication(
  folders: SliceFolders,
  records: readonly AttemptRecord[],
  table: string,
): Promise<AttemptRecord | undefined> {
  const current = currentOf(records, table);
  return current !== undefined && (await isSlice(folders, current)) ? current : undefined;
}

/**
 * Whether the slice's file has the bytes of the attempt. It is read: that it is the very file that was staged says
 * nothing, as whoever writes to it in place changes both.
 */
async function isSlice(folders: SliceFolders, record: AttemptRecord): Promise<boolean> {
  try {
    return (await digestOf(sliceFile(folders, record.format))) === record.outputDigest;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return false;
    throw error;
  }
}

/**
 * What in the slice's folder would make readers see wrong rows after publishing: a file of another format, or one
 * that this job has not published.
 */
export async function sliceConflict(
  folders: SliceFolders,
  target: Pick<TargetTable, 'job' | 'table' | 'format'>,
  records: readonly AttemptRecord[],
): Promise<PredawnError | undefined> {
  // An attempt that was killed while publishing may have published, too.
  const ours = records.filter(
    ({ publication, pending, table }) =>
      (publication !== undefined || pending !== undefined) && table === target.table,
  );
  for (const name of await namesIn(folders.slice)) {
    if (!name.startsWith('predictions.')) continue;
    const path = join(folders.slice, name);
    if (name !== `predictions.${target.format}`) {
      return new PredawnError(
        'configuration',
        'files.format_changed',
        `${path} is there, so the date can't be published as ${target.format}: readers would find its rows twice.`,
        { hint: `Move ${name} away, or set the job's output format back.` },
      );
    }
    if (ours.length > 0) continue;
    return new PredawnError(
      'configuration',
      'files.foreign_slice',
      `${path} was not published by the job ${target.job}.`,
      { hint: 'Give the job a table of its own, or move the file away.' },
    );
  }
  return undefined;
}

/**
 * Keeps the rows of the last `retain` attempts that were the date's slice, the current one in any case; of as many
 * that are staged, one at least; and their rejects.
 */
export async function removeOldAttempts(
  folders: SliceFolders,
  records: readonly AttemptRecord[],
  retain: number,
): Promise<void> {
  const published = records
    .filter(({ status }) => status === 'published')
    .sort((a, b) => b.publication! - a.publication!);
  const staged = records
    .filter(({ status }) => status === 'staged')
    .sort((a, b) => (a.attemptId < b.attemptId ? 1 : -1));
  const kept = new Set(
    [published, staged]
      .flatMap((list) => list.slice(0, Math.max(1, retain)))
      .map(({ attemptId }) => attemptId),
  );
  const recent = new Set(records.slice(-Math.max(1, retain)).map(({ attemptId }) => attemptId));
  for (const { attemptId, status } of records) {
    // Of these one is open at most: in shards, and to be resumed.
    if (kept.has(attemptId) || status === 'open') continue;
    await removeAttemptFiles(folders, attemptId);
    if (recent.has(attemptId)) continue;
    await rm(rejectsFile(folders, attemptId), { force: true });
    await rm(offendingFile(folders, attemptId), { force: true });
  }
}
