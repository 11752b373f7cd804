import type { CodedTexts } from './coded-texts.js';

/**
 * The columns that travel between decoder, model and encoder. There is no object per row anywhere: a decoder
 * fills the model's tensors in place, the model returns tensors, an encoder reads them with a stride.
 */

/** Element types that a model input can take from a source column. */
export type FeatureType = 'float32' | 'float64' | 'int64' | 'int32' | 'bool' | 'string';

/** The backing store of one model input, row-major: element (row, column) is at `row * width + column`. */
export type FeatureData = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array | CodedTexts;

/**
 * Types that a key column keeps from source to destination. CSV keys are `text`. The bytes of every type are
 * those of PostgreSQL's binary format (big-endian integers, UTF-8 text, 16-byte uuid, days or microseconds
 * since 2000-01-01), so that a key read from Postgres is copied to Postgres undecoded.
 */
export type KeyType = 'text' | 'int2' | 'int4' | 'int8' | 'uuid' | 'date' | 'timestamp' | 'timestamptz';

/** One key column of a block: row `r` is `bytes[offsets[r] .. offsets[r + 1])`. */
export interface KeyColumn {
  readonly type: KeyType;
  /** Length rows + 1. */
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
}

/** What a missing value becomes: NaN (float inputs only), a reject (the default), or a fill value. */
export type MissingAction =
  | { readonly then: 'reject' }
  | { readonly then: 'nan' }
  | { readonly then: 'fill'; readonly value: number | bigint | boolean | string };

/** Which texts mean missing in a column. SQL NULL, an empty CSV field and a float NaN always do. */
export type MissingPolicy = MissingAction & { readonly tokens: readonly string[] };

/** One source column feeding one column of one model input. */
export interface FeatureSlot {
  readonly column: string;
  /** Position in the source's columns, from 0. */
  readonly sourceIndex: number;
  readonly type: FeatureType;
  readonly missing: MissingPolicy;
  /** Which tensor (index into `DecodePlan.inputs`) and where in its rows. */
  readonly input: number;
  readonly offset: number;
}

export interface KeySlot {
  readonly column: string;
  readonly sourceIndex: number;
  readonly type: KeyType;
}

/** All a decoder must know. Plain data: it crosses to worker threads by structured clone. */
export interface DecodePlan {
  /** Names of all the source's columns in order, the unused ones too. */
  readonly columns: readonly string[];
  readonly keys: readonly KeySlot[];
  /** In order of `sourceIndex`. */
  readonly features: readonly FeatureSlot[];
  /** The tensors to fill: `width` values a row. */
  readonly inputs: readonly { readonly name: string; readonly type: FeatureType; readonly width: number }[];
}

/** Why a row could not be scored. Stable: stored in the rejects table. */
export type RejectCode =
  | 'missing'
  | 'missing_key'
  | 'not_a_number'
  | 'not_finite'
  | 'not_an_integer'
  | 'not_a_boolean'
  | 'out_of_range'
  | 'field_count'
  | 'nul_byte';

export interface Reject {
  /** 1-based line in the source where the record starts; for a query, the record's ordinal. */
  readonly line: number;
  /** The column at fault; undefined where the whole record is. */
  readonly column: string | undefined;
  readonly code: RejectCode;
  /** The record as the source had it. Goes to the rejects table, never to a log. */
  readonly raw: string;
}

/** A contiguous, record-aligned piece of input, numbered from 0 in input order. */
export interface Block {
  readonly sequence: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Takes the memory of `bytes` back for a later block, from whoever is done with it; nobody has to give it. */
  readonly giveBack?: (memory: ArrayBuffer) => void;
}

/** One decoded block. Only rows that can be scored are in `tensors` and `keys`, in input order. */
export interface DecodedBlock {
  /** Records in the block: `rows` + `rejects.length`. */
  readonly read: number;
  readonly rows: number;
  /** Lines in the block, to turn block-relative line numbers (from 1) into the file's; for a query, `read`. */
  readonly lines: number;
  /** One per `DecodePlan.inputs`, exactly `rows * width` elements long. */
  readonly tensors: readonly FeatureData[];
  readonly keys: readonly KeyColumn[];
  /** Line numbers here count from 1 at the block's start. */
  readonly rejects: readonly Reject[];
  /** Integers that a float32 input could not hold exactly. */
  readonly inexactIntegers: number;
}

/** Element types of published columns; the names are PostgreSQL's. */
export type OutputType = 'float4' | 'float8' | 'int4' | 'int8' | 'bool' | 'text';

export type OutputData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | CodedTexts;

/** One published column. */
export interface OutputColumn {
  readonly name: string;
  readonly type: OutputType;
  /** Index into the model's outputs, and which of its classes or targets. */
  readonly output: number;
  readonly element: number;
  /** Human text for `COMMENT ON COLUMN` and for receipts. */
  readonly description: string;
  /** A probability is gated to [0, 1]. */
  readonly probability: boolean;
}

/** The values of one published column: row `r` is `data[r * stride + offset]`. */
export interface OutputValues {
  readonly column: OutputColumn;
  readonly data: OutputData;
  readonly offset: number;
  readonly stride: number;
}

/** What an encoder turns into bytes for a destination. */
export interface ScoredRows {
  readonly rows: number;
  readonly keys: readonly KeyColumn[];
  readonly outputs: readonly OutputValues[];
  /** With a canary: which artefact scored each row, 0 for the live one. */
  readonly scoredBy?: Int32Array | undefined;
}
