import type { AttemptStatus, Receipt } from './receipt.js';
import type { SliceMove } from './slice-move.js';

/** One attempt as the ledger remembers it. */
export interface LedgerEntry {
  readonly attemptId: string;
  readonly job: string;
  readonly environment: string;
  readonly asOf: string;
  readonly status: AttemptStatus;
  /** Whether the slice of its date is this attempt's now. */
  readonly current: boolean;
  /** Whether its rows are kept apart from the slice, to be restored or published. */
  readonly rowsKept: boolean;
  /** The moves that made the slice this attempt's, oldest first. */
  readonly moves: readonly SliceMove[];
  /** `name@version`. */
  readonly artefact: string;
  readonly artefactDigest: string;
  readonly startedAt: string;
  readonly finishedAt: string | undefined;
  /** Whole for published, staged and unchanged attempts; undefined before. */
  readonly receipt: Receipt | undefined;
  /** For failed attempts. */
  readonly error: { readonly kind: string; readonly code: string; readonly message: string } | undefined;
}

/**
 * Reading side of the ledger; a publication writes it, in one transaction with the slice.
 *
 * To implement: `entries` newest first, filtered and cut on the server where there is one. An attempt that was
 * killed shows as `open` until the next run of its date settles it.
 */
export interface Ledger {
  entries(filter: { readonly job?: string; readonly limit: number }): Promise<readonly LedgerEntry[]>;
  /** By full id or by a prefix of at least 6 characters that only one id has; undefined if none does. */
  find(attemptId: string): Promise<LedgerEntry | undefined>;
  close(): Promise<void>;
}
