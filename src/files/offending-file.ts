import { dirname } from 'node:path';
import type { OffendingRow } from '../domain/offending.js';
import { ensureFolder, readIfThere, writeJson } from './disk.js';
import { type JobFolders, offendingFile } from './layout.js';
import { rejectsDamaged } from './read-rejects.js';

/** Keeps the rows of an attempt that gates object to. */
export async function writeOffending(
  folders: JobFolders,
  attemptId: string,
  rows: readonly OffendingRow[],
): Promise<void> {
  const path = offendingFile(folders, attemptId);
  await ensureFolder(dirname(path));
  await writeJson(path, rows);
}

/** Reads them back. Throws kind `data`, code `files.rejects_damaged`, for a file that is not what was written. */
export async function readOffending(
  folders: JobFolders,
  attemptId: string,
): Promise<readonly OffendingRow[]> {
  const path = offendingFile(folders, attemptId);
  const text = await readIfThere(path);
  if (text === undefined) return [];
  try {
    return JSON.parse(text) as OffendingRow[];
  } catch (cause) {
    throw rejectsDamaged(path, cause);
  }
}
