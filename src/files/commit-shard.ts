import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptReference, ShardOutcome, ShardStage } from '../domain/sharded-publication.js';
import type { Tally } from '../domain/tally.js';
import { readRecord } from './attempt-record.js';
import { FILE_MODE, isCode, onDisk, readIfThere, syncFolder } from './disk.js';
import { jobFolders, type JobFolders, shardsFolder } from './layout.js';
import { claim } from './lock-file.js';
import { ShardFile } from './shard-file.js';
import { type FileManifest, manifestFile } from './shard-manifests.js';

/**
 * `ShardedPublication.withShard`, without the lock of the date. A shard is committed by giving its manifest, written
 * whole before, a name that one file can have.
 */
export async function commitShard(
  root: string,
  reference: AttemptReference,
  shard: number,
  signal: AbortSignal,
  work: (stage: ShardStage) => Promise<Tally>,
): Promise<ShardOutcome> {
  signal.throwIfAborted();
  const folders = jobFolders(root, reference.job, reference.asOf);
  const { attemptId } = reference;
  return onDisk(root, async () => {
    const ended = await lateness(folders, attemptId);
    if (ended !== undefined) return ended;
    const folder = shardsFolder(folders, attemptId);
    if ((await readIfThere(manifestFile(folder, shard))) !== undefined) return { kind: 'present' };
    try {
      return await commit(folders, attemptId, shard, signal, work);
    } catch (error) {
      // The folder goes when the attempt ends: then that is why the shard could not be committed.
      const late = isCode(error, 'ENOENT') ? await lateness(folders, attemptId) : undefined;
      if (late !== undefined) return late;
      throw error;
    }
  });
}

async function commit(
  folders: JobFolders,
  attemptId: string,
  shard: number,
  signal: AbortSignal,
  work: (stage: ShardStage) => Promise<Tally>,
): Promise<ShardOutcome> {
  const folder = shardsFolder(folders, attemptId);
  const name = `${shard}.${randomUUID()}`;
  const rows = join(folder, `${name}.rows`);
  const prepared = join(folder, `${name}.manifest`);
  let outcome: ShardOutcome | undefined;
  try {
    const tally = await writeRows(rows, work, async (file, figures) => {
      const manifest: FileManifest = {
        shard,
        ...(await file.finish()),
        tally: figures,
        file: `${name}.rows`,
      };
      await writeSynced(prepared, JSON.stringify(manifest));
      await syncFolder(folder);
    });
    signal.throwIfAborted();
    const ended = await lateness(folders, attemptId);
    outcome =
      ended ??
      ((await claim(prepared, manifestFile(folder, shard)))
        ? { kind: 'committed', tally }
        : { kind: 'present' });
    if (outcome.kind === 'committed') await syncFolder(folder);
    return outcome;
  } finally {
    await rm(prepared, { force: true });
    if (outcome?.kind !== 'committed') await rm(rows, { force: true });
  }
}

async function writeRows(
  path: string,
  work: (stage: ShardStage) => Promise<Tally>,
  finish: (file: ShardFile, tally: Tally) => Promise<void>,
): Promise<Tally> {
  const file = await ShardFile.create(path);
  let closed = false;
  try {
    const tally = await work(file);
    closed = true;
    await finish(file, tally);
    return tally;
  } finally {
    if (!closed) await file.close();
  }
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', FILE_MODE);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function lateness(
  folders: JobFolders,
  attemptId: string,
): Promise<(ShardOutcome & { kind: 'late' }) | undefined> {
  const record = await readRecord(folders.ledger, attemptId);
  if (record?.shards === undefined) throw new TypeError(`no attempt in shards: ${attemptId}`);
  const { status } = record;
  // While it is being published, its shards are all there.
  return status === 'open' || status === 'publishing' ? undefined : { kind: 'late', status };
}
