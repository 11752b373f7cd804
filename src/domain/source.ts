import type { DecoderSpec } from './codecs.js';
import type { Block, FeatureType, KeyType } from './columns.js';
import type { ShardedInput } from './shards.js';

/** A column of the input as it is described before any row is read. */
export interface SourceColumn {
  readonly name: string;
  /** The source's own word for the type, for messages: `text` for CSV, `integer`, `timestamptz`… for Postgres. */
  readonly typeName: string;
  /** Model input types this column can be converted to, value by value, without silent loss. */
  readonly feeds: ReadonlySet<FeatureType>;
  /** The type it has as a key, or undefined if it can't be one. */
  readonly keyType: KeyType | undefined;
}

export interface SourceDescription {
  readonly columns: readonly SourceColumn[];
  readonly decoder: DecoderSpec;
}

/** Whether an input is complete before it is opened. */
export interface InputReadiness {
  /** What is not there yet, to stand after a colon; undefined where the input is complete. */
  readonly problem: string | undefined;
  /** How many rows it must have, where something tells. */
  readonly expectedRows: number | undefined;
}

/** Known once the last block was read. */
export interface InputSummary {
  /** sha256 of the bytes as they were read, as `sha256:<hex>`. */
  readonly fingerprint: string;
  readonly bytes: number;
  readonly warnings: readonly string[];
}

/**
 * One day's input, opened.
 *
 * To implement: `description` is complete before any row is read. `blocks` yields record-aligned pieces in
 * input order, each with an ArrayBuffer of its own (it is transferred to a worker), about `blockBytes` long, never
 * more than one ahead of the consumer. Whatever shows that the input is not whole (cut short, growing while it is
 * read) throws a PredawnError of kind `input`, at the latest from `summary`, which is called after the last block
 * and before anything is published. Stop at once when `signal` aborts, by throwing `signal.reason`.
 */
export interface Source {
  /** For messages and receipts: a path, or `postgres://host/database` without credentials. */
  readonly location: string;
  readonly description: SourceDescription;
  /** Added to a decoder's line numbers: 1 where a header line came first. A query numbers its records: 0. */
  readonly linesBefore: number;
  /** The fingerprint without scoring, where that is cheap (a file is read once more); else undefined. */
  fingerprint(signal: AbortSignal): Promise<string | undefined>;
  blocks(signal: AbortSignal): AsyncIterable<Block>;
  summary(): Promise<InputSummary>;
  /**
   * Cuts the input into `count` fixed parts, reading it once: as `blocks` and `summary` do, it throws where the input is
   * not whole. `blocks` is not called on the same source.
   */
  planShards(count: number, signal: AbortSignal): Promise<ShardedInput>;
  /**
   * One of those parts as an input of its own, here or on another machine. `blocks` throws kind `input`, code
   * `input.changed`, at the latest after the last block, where it is not what was planned.
   */
  openShard(input: ShardedInput, shard: number): ShardSource;
  /** Size of the input where it is known before reading, for progress; in `blocks`' bytes, roughly. */
  readonly expectedBytes: number | undefined;
  /** A guess at the same that may be far off: whether to get ready for much. Not while `blocks` is being read. */
  estimateBytes(): Promise<number>;
  close(): Promise<void>;
}

/** A part of an input; the source stays the owner of files and connections. */
export type ShardSource = Pick<Source, 'location' | 'linesBefore' | 'blocks'>;
