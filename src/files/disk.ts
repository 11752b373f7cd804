import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { PredawnError } from '../domain/errors.js';

/** Predictions and rejects are about people: nobody beyond owner and group reads them, whatever the umask allows. */
export const FILE_MODE = 0o640;
export const FOLDER_MODE = 0o750;

/** What link(2) says where a file system has no hard links. */
export const NO_HARD_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/** Makes the folder and those above it. */
export async function ensureFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: FOLDER_MODE });
}

/** Makes what was renamed, linked or removed in a folder survive a power cut. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Replaces a file by JSON, so that it is the old text or the new one at any moment. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await ensureFolder(dirname(path));
  const temporary = `${path}.tmp`;
  const file = await open(temporary, 'w', FILE_MODE);
  try {
    await file.writeFile(`${JSON.stringify(value, undefined, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncFolder(dirname(path));
}

/** The text of a file, undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** A second name for a file's bytes; a copy, flushed to disk, where the file system has no hard links. */
export async function linkOrCopy(from: string, to: string): Promise<void> {
  await rm(to, { force: true });
  try {
    await link(from, to);
  } catch (error) {
    if (!isCode(error, ...NO_HARD_LINKS, 'EMLINK')) throw error;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
    const file = await open(to, 'r+');
    try {
      await file.sync();
    } finally {
      await file.close();
    }
  }
}

/** A system call that failed. */
export function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(error.code as string);
}

/** Runs disk work beneath `root`, with the failures that a person or a retry can mend in our words. */
export async function onDisk<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw inOurWords(root, error);
  }
}

function inOurWords(root: string, error: unknown): unknown {
  if (error instanceof PredawnError) return error;
  const path = error instanceof Error && 'path' in error ? String(error.path) : root;
  if (isCode(error, 'ENOSPC', 'EDQUOT')) {
    return new PredawnError('unavailable', 'disk.full', `The disk or quota of ${root} is full.`, {
      hint: 'Free some space there, then run again: what was published is unchanged.',
      cause: error,
    });
  }
  if (isCode(error, 'EACCES', 'EPERM', 'EROFS')) {
    return new PredawnError('configuration', 'files.denied', `${path} may not be written.`, {
      hint: `Give the user that runs predawn read and write access to ${root}.`,
      cause: error,
    });
  }
  if (isCode(error, 'ENOTDIR', 'EEXIST', 'EISDIR', 'ENAMETOOLONG')) {
    return new PredawnError('configuration', 'files.path', `${path} is not what predawn expects there.`, {
      hint: `Let the destination be a folder that predawn alone writes to: ${root}`,
      cause: error,
    });
  }
  if (isCode(error, 'EIO', 'ESTALE', 'EMFILE', 'ENFILE', 'ETIMEDOUT')) {
    return new PredawnError('unavailable', 'disk.unavailable', `${path} can't be reached at present.`, {
      hint: 'Run again when the disk is back.',
      cause: error,
    });
  }
  return error;
}
