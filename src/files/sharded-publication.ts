import type { ShardedPublication } from '../domain/sharded-publication.js';
import type { ShardedAttempt } from '../domain/shards.js';
import { readRecord, readRecords } from './attempt-record.js';
import { commitShard } from './commit-shard.js';
import { isCode, onDisk } from './disk.js';
import { fileEncoding } from './encoder.js';
import { jobFolders } from './layout.js';
import { onDiskLocked, takeLock } from './lock.js';
import { FilesLockedDate, type ShardedOptions, shardedAttempt } from './locked-date.js';
import { settle } from './slice.js';

/** Attempts in shards, in files: each shard a file with a manifest, in a folder of the attempt's until it ends. */
export function openSharded(options: ShardedOptions): ShardedPublication {
  const { root, now } = options;
  return {
    encoding: (attempt) => ({ encoder: fileEncoding(attempt), hashKeys: true }),
    find: ({ job, asOf, attemptId }) =>
      onDisk(root, () => findAttempt(root, jobFolders(root, job, asOf).ledger, attemptId)),
    withShard: (attempt, shard, signal, work) => commitShard(root, attempt, shard, signal, work),
    async withDate({ id, job, asOf }, signal, work) {
      signal.throwIfAborted();
      const folders = jobFolders(root, job, asOf);
      const lock = await onDisk(root, () =>
        takeLock({ folder: folders.locks, job, asOf, attemptId: id, now }),
      );
      try {
        await onDiskLocked(root, lock, async () =>
          settle(root, folders.ledger, await readRecords(folders.ledger), now()),
        );
        return await work(new FilesLockedDate(options, folders.ledger, lock, signal));
      } finally {
        await lock.release();
      }
    },
  };
}

/** Without the lock of the date: its manifests may be removed while they are read, since the attempt has ended. */
async function findAttempt(
  root: string,
  ledger: string,
  attemptId: string,
): Promise<ShardedAttempt | undefined> {
  for (;;) {
    const record = await readRecord(ledger, attemptId);
    if (record?.shards === undefined) return undefined;
    const found = await shardedAttempt(root, record).catch((error: unknown) => {
      if (!isCode(error, 'ENOENT')) throw error;
      return undefined;
    });
    const after = await readRecord(ledger, attemptId);
    if (found !== undefined && after?.status === record.status) return found;
  }
}
