import { rm } from 'node:fs/promises';
import { PredawnError } from '../domain/errors.js';
import type { FileFormat } from '../domain/job.js';
import { readRecord } from './attempt-record.js';
import { syncFolder } from './disk.js';
import { sliceFile, type SliceFolders } from './layout.js';
import type { FileLock } from './lock.js';
import { type OnStep, prepareSlice, replaceSlice } from './slice.js';

/** Whose kept file becomes the slice, and the number of that publication. */
export interface NewSlice {
  readonly folders: SliceFolders;
  readonly attemptId: string;
  readonly format: FileFormat;
  readonly publication: number;
  readonly lock: FileLock;
  readonly signal: AbortSignal;
  readonly onStep: OnStep;
  /** Records in the ledger that the slice may be replaced any moment, and then that it was. */
  announce(): Promise<void>;
  record(): Promise<void>;
  /** Told when readers may see the new rows. */
  onReplaced(): void;
}

/**
 * The one step of publishing, of restoring, and of publishing what was staged: an attempt's file becomes the slice by
 * a rename, between two lines in the ledger. A crash in between is settled by the digest of what lies there.
 *
 * @throws PredawnError kind `unavailable`, code `lock.lost`, before anything is replaced; kind `unresolved`, code
 *   `files.unrecorded`, where the slice was replaced and the ledger could not be written.
 */
export async function makeSlice(slice: NewSlice): Promise<void> {
  const { folders, attemptId, format, lock, signal, onStep } = slice;
  await lock.verify();
  await slice.announce();
  await onStep('recorded');
  const prepared = await prepareSlice(folders, attemptId, format);
  try {
    await onStep('linked');
    signal.throwIfAborted();
    await lock.verify();
    await replaceSlice(prepared, folders, format);
  } catch (error) {
    await rm(prepared, { force: true });
    throw error;
  }
  slice.onReplaced();
  await onStep('renamed');
  try {
    await syncFolder(folders.slice);
    await onStep('synced');
    await slice.record();
  } catch (error) {
    if (!(await recordedByAnother(slice))) throw unrecorded(sliceFile(folders, format), error);
  }
  await onStep('published');
}

/** A run that took the lock over may have found these rows, and recorded so. */
async function recordedByAnother({ folders, attemptId, publication }: NewSlice): Promise<boolean> {
  const found = await readRecord(folders.ledger, attemptId).catch(() => undefined);
  return found?.status === 'published' && found.publication === publication;
}

function unrecorded(path: string, cause: unknown): PredawnError {
  return new PredawnError(
    'unresolved',
    'files.unrecorded',
    `${path} was replaced, but the ledger could not be written.`,
    {
      hint: 'Run again: the next run finds out what the file holds, and sets the ledger right.',
      cause,
    },
  );
}
