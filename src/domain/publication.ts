import type { EncoderSpec } from './codecs.js';
import type { KeyType, OutputColumn, Reject } from './columns.js';
import type { SliceComparison } from './comparison.js';
import type { PredawnError } from './errors.js';
import type { OffendingRow } from './offending.js';
import type { Receipt } from './receipt.js';
import type { ShardedPublication } from './sharded-publication.js';
import type { MoveRequest, MoveResult } from './slice-move.js';

/** The table that a job publishes to. Its columns: as_of, keys, outputs, artefact, attempt_id, scored_at. */
export interface TargetTable {
  readonly job: string;
  readonly table: string;
  readonly keys: readonly { readonly name: string; readonly type: KeyType }[];
  readonly outputs: readonly OutputColumn[];
  /** For `COMMENT ON TABLE`. */
  readonly description: string;
  /** The file format, for destinations that are files. */
  readonly format: 'parquet' | 'arrow' | 'csv';
}

/** What is fixed when an attempt opens. */
export interface Attempt {
  /** UUIDv7. */
  readonly id: string;
  readonly job: string;
  readonly environment: string;
  /** YYYY-MM-DD. */
  readonly asOf: string;
  /** `name@version`. */
  readonly artefact: string;
  readonly artefactDigest: string;
  /** `name@version` that scores a share of the rows beside it: a canary. */
  readonly canary?: string | undefined;
  readonly jobDigest: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly target: TargetTable;
  /**
   * How many published attempts of a slice keep their rows for `restore`, the current one included; and as many
   * staged ones, one at least.
   */
  readonly retain: number;
  /** Who runs it. */
  readonly by: string;
}

/** The publication a slice holds now. */
export interface PublishedSlice {
  readonly attemptId: string;
  readonly artefactDigest: string;
  readonly jobDigest: string;
  readonly inputFingerprint: string | undefined;
  readonly receipt: Receipt;
}

export interface EncodedBlock {
  readonly payload: Uint8Array;
  readonly rows: number;
  /** 64-bit hashes of the rows' keys, where `Stage.hashKeys` asks for them. */
  readonly keyHashes: BigUint64Array | undefined;
}

/** What publishing changed, and whose slice it replaced. */
export interface Publishing {
  readonly changes: { readonly inserted: number; readonly updated: number; readonly deleted: number };
  readonly replaced: string | undefined;
}

/** What a SELECT over the staged rows gave: whether one boolean was true, or rows. */
export type SqlFinding =
  | { readonly kind: 'boolean'; readonly holds: boolean }
  /** How many, and the first of them as JSON. */
  | { readonly kind: 'rows'; readonly count: number; readonly first: readonly string[] };

/** What a stage holds when its last block was appended. */
export interface StagedOutput {
  readonly location: string;
  readonly digest: string;
  readonly rows: number;
}

/**
 * Takes an attempt's rows to where no reader sees them.
 *
 * To implement: `append` may be called only in block order and resolves when the next block may come (back
 * pressure). After `finish`, `duplicateKeys` says which keys occur twice.
 */
export interface RowStage {
  /** The slice's present publication, undefined when the date has none. */
  readonly current: PublishedSlice | undefined;
  /** How blocks must be encoded for this destination. */
  readonly encoder: EncoderSpec;
  /** Whether `append` wants `keyHashes`. */
  readonly hashKeys: boolean;
  append(block: EncodedBlock): Promise<void>;
  /** Keeps rejected rows, published or not, where `rejectsLocation` says. */
  reject(rejects: readonly Reject[]): Promise<void>;
  readonly rejectsLocation: string;
  finish(): Promise<StagedOutput>;
  /** Up to `limit` keys that occur more than once, as text (columns joined by `, `). */
  duplicateKeys(limit: number): Promise<readonly string[]>;
  /**
   * After `finish`, for a destination that has SQL: what a SELECT gives in which `{rows}` stands for the staged rows, with
   * the first `limit` rows. It may change nothing. Undefined where there is no SQL.
   *
   * @throws PredawnError kind `configuration`, code `gate.sql`, for SQL that is refused or takes too long
   */
  select?(sql: string, name: string, limit: number): Promise<SqlFinding>;
  /** Keeps rows that gates object to, as `reject` keeps those that could not be scored. */
  keepOffending(rows: readonly OffendingRow[]): Promise<void>;
}

/**
 * An open attempt.
 *
 * To implement: `publish` makes the staged rows the slice and the receipt the ledger's, atomically: a reader sees the
 * old slice or the new one, whole, and a crash at any moment leaves one of both with a ledger that the next run can
 * settle. A stage whose attempt is no longer open (a stale process) must not be able to publish.
 */
export interface Stage extends RowStage {
  publish(complete: (publishing: Publishing) => Receipt): Promise<Receipt>;
  /** Keeps the rows unpublished, for `Publication.moveSlice` to publish; `location` is where they are meanwhile. */
  keep(complete: (kept: { readonly location: string }) => Receipt): Promise<Receipt>;
  /** Records that this very input, artefact and job file are published already; drops what was staged. */
  unchanged(receipt: Receipt): Promise<void>;
}

/** Rows that are staged to be compared with the slice, and never published. */
export interface ComparedStage extends RowStage {
  /**
   * After `finish`, where no key occurs twice: how the staged rows differ from the slice, with the `limit` largest
   * differences of every output. Undefined where the date has no slice. It sees the slice as `current` says it is,
   * at one moment: kind `unavailable`, code `compare.moved`, where it was published anew meanwhile.
   */
  compare(limit: number): Promise<SliceComparison | undefined>;
}

/**
 * A destination: where slices are published, with the ledger that commits with them.
 *
 * To implement: `withAttempt` takes the lock of (job, as_of) without waiting: held, it throws kind `unavailable`,
 * code `lock.held`, naming the holder. It settles what earlier, killed attempts of the date left (their lock is
 * free), records the attempt as `open`, runs `work`, and on a throw records it as `failed` with the error's kind,
 * code and message (best effort: the error of `work` is the one thrown) and removes what was staged. The lock is
 * free again in every case, also when the process is killed. What `publish` already committed stays published
 * whatever `work` throws later.
 */
export interface Publication {
  /** For messages and receipts: a folder, or `postgres://host/database` without credentials. */
  readonly location: string;
  /** Everything that would stop a publication to `target`, found without changing anything. */
  check(target: TargetTable): Promise<readonly PredawnError[]>;
  withAttempt<T>(attempt: Attempt, signal: AbortSignal, work: (stage: Stage) => Promise<T>): Promise<T>;
  /**
   * Stages an attempt to compare it with the slice: no lock, no line in the ledger, no rejects kept, and nothing left
   * behind however it ends.
   */
  withComparison<T>(
    attempt: Attempt,
    signal: AbortSignal,
    work: (stage: ComparedStage) => Promise<T>,
  ): Promise<T>;
  /**
   * Makes the rows kept of an attempt the slice of its date, as `Stage.publish` would: under the lock of the date, in
   * one step for readers, recorded with who and why in the same transaction. `chooseAttempt` says which attempt. Where
   * the slice is that one's already, nothing is done, unless others took rows away: then they are put back.
   *
   * @throws what `chooseAttempt` throws; kind `data`, code `rows.not_kept`, for rows that are not what was kept.
   */
  moveSlice(request: MoveRequest, signal: AbortSignal): Promise<MoveResult>;
  /** Attempts whose rows are committed shard by shard. */
  readonly shards: ShardedPublication;
  /** How to look at the table, as a command or query for the receipt's last line. */
  howToLook(target: TargetTable, asOf: string): string;
  close(): Promise<void>;
}
