/** What happened to an attempt. `open` is running or was killed; the next run of the date settles the latter. */
export type AttemptStatus = 'open' | 'published' | 'unchanged' | 'failed';

/**
 * The balanced account of an attempt. It commits with the predictions, is what `--json` and `--report` print, and
 * is what a person reads at the end. Field names are the JSON's. Times are ISO 8601 in UTC, sizes in bytes,
 * digests `sha256:<hex>`.
 */
export interface Receipt {
  readonly attempt_id: string;
  /** Whose rows the slice holds: this attempt, or for `unchanged` the earlier one. */
  readonly published_attempt_id: string | undefined;
  readonly job: string;
  readonly environment: string;
  readonly as_of: string;
  readonly timezone: string;
  /** The data date's window, [from, to). */
  readonly window: { readonly from: string; readonly to: string };
  readonly outcome: 'published' | 'unchanged' | 'dry-run';
  readonly artefact: { readonly name: string; readonly version: number; readonly digest: string };
  readonly rows: { readonly read: number; readonly scored: number; readonly rejected: number };
  /** Rejected rows by reason code. */
  readonly rejects: Readonly<Record<string, number>>;
  readonly rejects_location: string | undefined;
  readonly inexact_integers: number;
  readonly input: {
    readonly location: string;
    /** Undefined, as `bytes`, where the input was not read to its end (`--limit`). */
    readonly fingerprint: string | undefined;
    readonly bytes: number | undefined;
  };
  readonly job_file: { readonly path: string; readonly digest: string };
  readonly output: {
    /** Undefined where nothing was published. */
    readonly location: string | undefined;
    /** Of the bytes as staged: the file's, or the COPY stream's. */
    readonly digest: string;
    readonly rows: number;
    readonly columns: readonly string[];
  };
  /** How the slice changed; for a date without a slice, all rows are inserted. Absent where nothing was published. */
  readonly changes:
    { readonly inserted: number; readonly updated: number; readonly deleted: number } | undefined;
  /** A command or query that shows the rows; undefined where nothing was published. */
  readonly how_to_look: string | undefined;
  readonly unused_columns: readonly string[];
  readonly warnings: readonly string[];
  readonly started_at: string;
  readonly finished_at: string;
  readonly seconds: number;
  readonly versions: { readonly predawn: string; readonly node: string; readonly onnxruntime: string };
}
