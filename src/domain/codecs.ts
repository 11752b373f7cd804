import type { Block, DecodedBlock, DecodePlan, ScoredRows } from './columns.js';

/**
 * The block-level side of sources and destinations: what runs in a worker thread. `DecoderSpec` and `EncoderSpec`
 * are plain data that name an implementation; `worker.ts` maps `kind` to it, so that a new source or destination
 * is one folder and one line there.
 */

/** How the bytes of a block are to be read. */
export type DecoderSpec = CsvDecoderSpec | PostgresDecoderSpec;

/** UTF-8 CSV records; the source has already transcoded other encodings and taken off the BOM and the header. */
export interface CsvDecoderSpec {
  readonly kind: 'csv';
  /** One byte each. `quote` may be undefined: then no field is quoted. */
  readonly delimiter: string;
  readonly quote: string | undefined;
  /** What ends a record: LF or CRLF (`lf`, where absent), or CR in a file without LF. The source finds out. */
  readonly recordEnd?: 'lf' | 'cr';
}

/** Tuples of `COPY … TO STDOUT (FORMAT binary)`, without the file header and trailer. */
export interface PostgresDecoderSpec {
  readonly kind: 'postgres';
  /** Type OID of every column, in order. */
  readonly types: readonly number[];
}

/** How scored rows are to be written. Every encoder returns a payload that can be appended in block order. */
export type EncoderSpec = PostgresEncoderSpec | FileEncoderSpec;

/**
 * Tuples for `COPY … FROM STDIN (FORMAT binary)`: keys, then outputs. The constant columns are table defaults; where a
 * canary scores some of the rows, the artefact is none of them and comes last.
 */
export interface PostgresEncoderSpec {
  readonly kind: 'postgres';
  /** With a canary: the artefacts, by the codes of `ScoredRows.scoredBy`. */
  readonly artefacts?: readonly string[] | undefined;
}

/** A piece of a file: keys, outputs, artefact, attempt_id, scored_at. `as_of` is in the folder's name, as Hive has it. */
export interface FileEncoderSpec {
  readonly kind: 'parquet' | 'arrow' | 'csv';
  readonly keyNames: readonly string[];
  readonly asOf: string;
  readonly artefact: string;
  /** With a canary: the artefacts, by the codes of `ScoredRows.scoredBy`; the first one is `artefact`. */
  readonly artefacts?: readonly string[] | undefined;
  readonly attemptId: string;
  /** ISO 8601, UTC. */
  readonly scoredAt: string;
}

/**
 * Turns one block of bytes into tensors and keys.
 *
 * To implement: be pure (the same bytes give the same result on any thread), never convert a value silently
 * (reject the row, or apply the column's missing policy), throw a PredawnError only for what makes the rest of
 * the input unreadable (a broken quote, a wrong encoding), giving block-relative line numbers through
 * `BlockError`.
 */
export interface BlockDecoder {
  decode(block: Block): DecodedBlock;
}

export type MakeDecoder<Spec extends DecoderSpec> = (spec: Spec, plan: DecodePlan) => BlockDecoder;

/** Turns scored rows into the destination's bytes. Pure. The result owns its ArrayBuffer: it is transferred. */
export interface BlockEncoder {
  encode(rows: ScoredRows): Uint8Array<ArrayBuffer>;
}

/** May be asynchronous to make: the libraries of a format are loaded first. */
export type MakeEncoder<Spec extends EncoderSpec> = (spec: Spec) => BlockEncoder | Promise<BlockEncoder>;

/**
 * A structural fault in the input, found by a decoder that knows only its own block. The pipeline adds the lines
 * of the blocks before it and throws a PredawnError with `describe(line)`.
 */
export class BlockError extends Error {
  override readonly name = 'BlockError';
  constructor(
    readonly kind: 'data' | 'input',
    readonly code: string,
    /** 1-based, from the block's start. */
    readonly line: number,
    /** What is wrong, to be put after "<file>, line <n>: ". No row contents. */
    readonly problem: string,
    readonly hint: string,
  ) {
    super(problem);
  }
}
