import type { ColumnComparison } from './comparison.js';
import type { GateResult } from './job-gates.js';
import type { RolloutReport } from './rollout.js';
import type { Distributions } from './tally.js';

/**
 * What happened to an attempt. `open` is running or was killed; the next run of the date settles the latter. `staged`
 * passed its gates and waits to be published.
 */
export type AttemptStatus = 'open' | 'published' | 'staged' | 'unchanged' | 'failed';

/**
 * The balanced account of an attempt. It commits with the predictions, is what `--json` and `--report` print, and
 * is what a person reads at the end. Field names are the JSON's. Times are ISO 8601 in UTC, sizes in bytes,
 * digests `sha256:<hex>`.
 */
export interface Receipt {
  readonly attempt_id: string;
  /** Whose rows the slice holds: this attempt, or for `unchanged` the earlier one. */
  readonly published_attempt_id: string | undefined;
  /** Whose rows it replaced when it was published; undefined where the date had none. */
  readonly replaced_attempt_id?: string | undefined;
  readonly job: string;
  readonly environment: string;
  readonly as_of: string;
  readonly timezone: string;
  /** The data date's window, [from, to). */
  readonly window: { readonly from: string; readonly to: string };
  readonly outcome: 'published' | 'staged' | 'unchanged' | 'dry-run';
  /** How many shards it was made in; absent where it was made in one piece. */
  readonly shards?: number | undefined;
  /** What was tried out beside the artefact; absent where nothing was. */
  readonly rollout?: RolloutReport | undefined;
  /** Mended rows that took the place of the input's rejected ones: their file, and the digest of its bytes. */
  readonly replay?: { readonly file: string; readonly fingerprint: string } | undefined;
  /** What came of the gates of the job file; absent where it has none. */
  readonly gates?: readonly GateResult[] | undefined;
  /** How scores and features are distributed, where a gate of the job file asks; later runs compare with it. */
  readonly distributions?: Distributions | undefined;
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
    /** Where the rows are: published, or staged. Undefined where they are kept nowhere. */
    readonly location: string | undefined;
    /** Of the bytes as staged: the file's, or the COPY stream's; of shards in a database, of their digests in order. */
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
  readonly versions: RuntimeVersions;
  /** With `--compare`. */
  readonly comparison?: RunComparison;
}

/** How a run that was not published differs from the slice, and what could have made it so. */
export interface RunComparison {
  /** Whose slice it was compared with; undefined, as `rows`, where the date has none. */
  readonly slice_attempt_id: string | undefined;
  /** Whether every row is there on both sides with the same outputs. */
  readonly identical: boolean;
  /** What is not as it was for the slice's attempt: nothing, where neither changed. */
  readonly causes: readonly {
    readonly what: 'input' | 'artefact' | 'job file' | 'runtime';
    readonly was: string;
    readonly is: string;
  }[];
  readonly rows:
    | {
        readonly new: number;
        readonly slice: number;
        readonly only_new: number;
        readonly only_slice: number;
        /** On both sides, with another value in at least one output. */
        readonly changed: number;
      }
    | undefined;
  readonly columns: readonly ColumnComparison[];
}

/** What computed the scores, as far as it may change their last bits. */
export interface RuntimeVersions {
  readonly predawn: string;
  readonly node: string;
  readonly onnxruntime: string;
  /** `linux x64`; absent, as `cpu`, from receipts of earlier versions. */
  readonly platform?: string;
  /** The processor's model name. */
  readonly cpu?: string;
}

/** The receipt of a staged attempt when it is published: its rows are at `location` now. */
export function publishedReceipt(
  staged: Receipt,
  publishing: { readonly changes: NonNullable<Receipt['changes']>; readonly replaced: string | undefined },
  location: string,
): Receipt {
  return {
    ...staged,
    outcome: 'published',
    published_attempt_id: staged.attempt_id,
    replaced_attempt_id: publishing.replaced,
    output: { ...staged.output, location },
    changes: publishing.changes,
  };
}
