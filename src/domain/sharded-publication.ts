import type { EncoderSpec } from './codecs.js';
import type { Attempt, EncodedBlock, PublishedSlice, Stage } from './publication.js';
import type { AttemptStatus, Receipt } from './receipt.js';
import type { Reject } from './columns.js';
import type { ShardedAttempt, ShardManifest, ShardPlan } from './shards.js';
import type { Tally } from './tally.js';

/** Names an attempt. */
export interface AttemptReference {
  readonly job: string;
  /** YYYY-MM-DD. */
  readonly asOf: string;
  readonly attemptId: string;
}

/** Takes the rows and rejects of one shard, as `RowStage` takes those of an attempt. */
export interface ShardStage {
  append(block: EncodedBlock): Promise<void>;
  reject(rejects: readonly Reject[]): Promise<void>;
}

/**
 * What became of a shard: `committed` now; `present` already, by someone who was quicker; or too `late`, since the
 * attempt is not open any more, and `status` says what it is. The last two changed nothing.
 */
export type ShardOutcome =
  | { readonly kind: 'committed'; readonly tally: Tally }
  | { readonly kind: 'present' }
  | { readonly kind: 'late'; readonly status: AttemptStatus };

/** All shards of an attempt put together, to be judged and published as any other stage. */
export type ShardsStage = Pick<
  Stage,
  'current' | 'rejectsLocation' | 'finish' | 'duplicateKeys' | 'select' | 'keepOffending' | 'publish' | 'keep'
> & { readonly manifests: readonly ShardManifest[] };

/** A date whose lock is held. */
export interface LockedDate {
  /** The attempt in shards that is open. */
  open(): Promise<ShardedAttempt | undefined>;
  /** What the slice of the attempt's table holds. */
  current(attempt: Attempt): Promise<PublishedSlice | undefined>;
  /** Opens an attempt, in place of the one in shards that is open: that one has failed, and its rows are removed. */
  plan(plan: ShardPlan): Promise<void>;
  /** Records an attempt that found its work done. */
  unchanged(attempt: Attempt, receipt: Receipt): Promise<void>;
  /**
   * Runs `work` with the shards of the open attempt put together. On a throw the attempt stays open with its shards,
   * for another try, unless `endsAttempt` of the error.
   *
   * @throws PredawnError kind `unavailable`, code `shards.missing`, unless every shard has its manifest
   */
  publish<T>(attempt: ShardedAttempt, work: (stage: ShardsStage) => Promise<T>): Promise<T>;
  /** Ends the open attempt as failed, and removes its rows. */
  fail(attempt: ShardedAttempt, error: unknown): Promise<void>;
}

/**
 * Attempts in shards: each shard is committed once and for all with its manifest, by whichever process, and the attempt
 * stays open, whoever dies, until it is published, ends, or a later attempt of its date is published.
 *
 * To implement: a shard's rows, rejects and manifest commit in one step, after which no other commit of that shard
 * changes anything; none either when the attempt is open no longer. Uncommitted rows are never published. `publish`
 * needs the lock of the date, `withShard` does not. Runs that have no shards, and moves of the slice, leave an open
 * attempt in shards alone; the publication of an attempt that began later ends it.
 */
export interface ShardedPublication {
  /** How blocks of the attempt's shards must be encoded. */
  encoding(attempt: Attempt): { readonly encoder: EncoderSpec; readonly hashKeys: boolean };
  /** Undefined where there is no such attempt, or where it is not in shards. */
  find(attempt: AttemptReference): Promise<ShardedAttempt | undefined>;
  /** Scores a shard and commits it, unless there is no need: then `work` is not run. */
  withShard(
    attempt: AttemptReference,
    shard: number,
    signal: AbortSignal,
    work: (stage: ShardStage) => Promise<Tally>,
  ): Promise<ShardOutcome>;
  /** Works under the lock of a date; `id` names its holder. Held: as `Publication.withAttempt`. */
  withDate<T>(
    date: { readonly id: string; readonly job: string; readonly asOf: string },
    signal: AbortSignal,
    work: (date: LockedDate) => Promise<T>,
  ): Promise<T>;
}
