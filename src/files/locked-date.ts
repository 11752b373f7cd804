import { rm } from 'node:fs/promises';
import { PredawnError } from '../domain/errors.js';
import type { Attempt, PublishedSlice } from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import type { LockedDate, ShardsStage } from '../domain/sharded-publication.js';
import { requireComplete, type ShardedAttempt, type ShardPlan } from '../domain/shards.js';
import {
  type AttemptRecord,
  describeFailure,
  failedRecord,
  openRecord,
  publishedSlice,
  readRecords,
  writeRecord,
} from './attempt-record.js';
import { ensureFolder, syncFolder } from './disk.js';
import { rejectsFile, shardsFolder, type SliceFolders, sliceFolders } from './layout.js';
import { type FileLock, onDiskLocked } from './lock.js';
import { endAttempt, isOpenInShards } from './overtaken.js';
import { removeAttemptFiles, removeMergedFiles } from './remove-attempt.js';
import { readManifests } from './shard-manifests.js';
import { FilesShardsStage } from './shards-stage.js';
import { type OnStep, presentPublication, sliceConflict } from './slice.js';
import { FilesStage } from './stage.js';

export interface ShardedOptions {
  readonly root: string;
  readonly now: () => Date;
  readonly onStep: OnStep;
}

/** A date of a job, whose lock is held and whose killed attempts are settled. `ledger`: the folder of its records. */
export class FilesLockedDate implements LockedDate {
  constructor(
    private readonly options: ShardedOptions,
    private readonly ledger: string,
    private readonly lock: FileLock,
    private readonly signal: AbortSignal,
  ) {}

  open(): Promise<ShardedAttempt | undefined> {
    return this.#onDisk(async () => {
      const record = (await readRecords(this.ledger)).find(isOpenInShards);
      return record && (await shardedAttempt(this.options.root, record));
    });
  }

  current(attempt: Attempt): Promise<PublishedSlice | undefined> {
    return this.#onDisk(async () => {
      const { target } = attempt;
      const record = await presentPublication(
        this.#folders(attempt),
        await readRecords(this.ledger),
        target.table,
      );
      return record && publishedSlice(record);
    });
  }

  plan(plan: ShardPlan): Promise<void> {
    return this.#onDisk(async () => {
      const { attempt } = plan;
      const { root, now } = this.options;
      const folders = this.#folders(attempt);
      const records = await readRecords(this.ledger);
      const conflict = await sliceConflict(folders, attempt.target, records);
      if (conflict !== undefined) throw conflict;
      await this.lock.verify();
      for (const record of records.filter(isOpenInShards))
        await endAttempt(root, this.ledger, record, attempt.id, now());
      await ensureFolder(shardsFolder(folders, attempt.id));
      await syncFolder(folders.attempts);
      await writeRecord(this.ledger, openRecord(attempt, plan));
    });
  }

  unchanged(attempt: Attempt, receipt: Receipt): Promise<void> {
    return this.#onDisk(async () => {
      const finishedAt = this.options.now().toISOString();
      await this.lock.verify();
      await writeRecord(this.ledger, { ...openRecord(attempt), status: 'unchanged', finishedAt, receipt });
    });
  }

  async publish<T>(sharded: ShardedAttempt, work: (stage: ShardsStage) => Promise<T>): Promise<T> {
    const { attempt } = sharded.plan;
    const folders = this.#folders(attempt);
    const { stage, merged } = await this.#onDisk(async () => {
      await this.lock.verify();
      const opened = await this.#stage(sharded, folders);
      // What a publisher left that died.
      await removeMergedFiles(folders, attempt.id);
      await rm(rejectsFile(folders, attempt.id), { force: true });
      const manifests = await readManifests(folders, attempt.id);
      requireComplete({ ...sharded, manifests });
      return {
        stage: opened,
        merged: new FilesShardsStage(opened, folders, attempt.id, this.signal, manifests),
      };
    });
    let result: T;
    try {
      result = await this.#onDisk(() => work(merged));
    } catch (error) {
      await stage.fail(error);
      throw error;
    }
    await stage.close();
    return result;
  }

  fail({ plan: { attempt } }: ShardedAttempt, error: unknown): Promise<void> {
    return this.#onDisk(async () => {
      const record = (await readRecords(this.ledger)).find(({ attemptId }) => attemptId === attempt.id);
      if (record === undefined || !isOpenInShards(record)) return;
      await this.lock.verify();
      await writeRecord(this.ledger, failedRecord(record, describeFailure(error), this.options.now()));
      await removeAttemptFiles(this.#folders(attempt), attempt.id);
    });
  }

  async #stage({ plan: { attempt } }: ShardedAttempt, folders: SliceFolders): Promise<FilesStage> {
    const records = await readRecords(this.ledger);
    const record = records.find(({ attemptId }) => attemptId === attempt.id);
    if (record === undefined || !isOpenInShards(record)) throw notOpen(attempt, record);
    const earlier = records.filter((other) => other !== record);
    const conflict = await sliceConflict(folders, attempt.target, earlier);
    if (conflict !== undefined) throw conflict;
    const current = await presentPublication(folders, earlier, attempt.target.table);
    const { options, lock, signal } = this;
    return new FilesStage({ ...options, ...{ attempt, folders, lock, signal, earlier, current, record } });
  }

  #folders({ job, asOf, target }: Attempt): SliceFolders {
    return sliceFolders(this.options.root, job, target.table, asOf);
  }

  #onDisk<T>(work: () => Promise<T>): Promise<T> {
    return onDiskLocked(this.options.root, this.lock, work);
  }
}

/** An attempt in shards with the manifests that are there. */
export async function shardedAttempt(root: string, record: AttemptRecord): Promise<ShardedAttempt> {
  const { job, table, asOf, attemptId, status } = record;
  return {
    plan: record.shards!,
    status: status === 'publishing' ? 'open' : status,
    manifests: await readManifests(sliceFolders(root, job, table, asOf), attemptId),
  };
}

function notOpen({ id }: Attempt, record: AttemptRecord | undefined): PredawnError {
  return new PredawnError(
    'unavailable',
    'attempt.superseded',
    `Attempt ${id} is ${record?.status ?? 'gone'} in the ledger: another one took over its date. It published nothing.`,
    { hint: 'See `predawn runs` for the attempt that took over.' },
  );
}
