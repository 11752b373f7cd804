import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from './attempt-record.js';
import { type JobFolders, SHARDS, type SliceFolders, shardsFolder } from './layout.js';

/** Removes all that an attempt staged. */
export async function removeAttemptFiles(folders: SliceFolders, attemptId: string): Promise<void> {
  await removeMergedFiles(folders, attemptId);
  await removeShards(folders, attemptId);
}

/** Removes what was put together of an attempt's shards, and leaves the shards. */
export async function removeMergedFiles(folders: SliceFolders, attemptId: string): Promise<void> {
  for (const name of await namesIn(folders.attempts)) {
    if (name.startsWith(`${attemptId}.`) && !name.endsWith(SHARDS))
      await rm(join(folders.attempts, name), { force: true });
  }
  await rm(preparedFile(folders, attemptId), { force: true });
}

/** Best effort: someone who is late may be writing there. What is left is removed after a later attempt of the date. */
export async function removeShards(folders: JobFolders, attemptId: string): Promise<void> {
  await rm(shardsFolder(folders, attemptId), { recursive: true, force: true }).catch(() => undefined);
}

/** Rows beside the slice, under a name that no reader takes for data. */
export function preparedFile(folders: SliceFolders, attemptId: string): string {
  return join(folders.slice, `.${attemptId}.tmp`);
}
