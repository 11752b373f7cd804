import type { Reject } from './columns.js';
import type { OffendingRow } from './offending.js';
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
  /** How many shards it has, and how many of them are committed; undefined where it is in one piece. */
  readonly shards: { readonly count: number; readonly committed: number } | undefined;
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

/** What the ledger knows of one data date of a job. */
export interface LedgerDate {
  readonly asOf: string;
  /** The attempt that began last, whatever became of it. */
  readonly newest: LedgerEntry;
  /** The attempt whose slice the date has; undefined where nothing is published. */
  readonly current: LedgerEntry | undefined;
}

/** Which attempts are asked for; all of them but for what it names. */
export interface EntryFilter {
  readonly job?: string | undefined;
  /** YYYY-MM-DD. */
  readonly asOf?: string | undefined;
  readonly limit: number;
}

/** A job's data dates from one to another, both included. */
export interface DateRange {
  readonly job: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Reading side of the ledger; a publication writes it, in one transaction with the slice.
 *
 * To implement: `entries` newest first, filtered and cut on the server where there is one. An attempt that was
 * killed shows as `open` until the next run of its date settles it.
 */
export interface Ledger {
  entries(filter: EntryFilter): Promise<readonly LedgerEntry[]>;
  /** The dates of a job that were attempted, ascending. */
  dates(range: DateRange): Promise<readonly LedgerDate[]>;
  /** By full id or by a prefix of at least 6 characters that only one id has; undefined if none does. */
  find(attemptId: string): Promise<LedgerEntry | undefined>;
  /**
   * The rejected rows that are kept of an attempt, whatever became of it: in input order, some at a time; of one that is
   * open those that were met so far. Nothing else is asked of the ledger until the last was read or the reader stops.
   */
  rejects(attempt: Pick<LedgerEntry, 'attemptId' | 'job' | 'asOf'>): AsyncIterable<readonly Reject[]>;
  /** The rows that gates objected to and that are kept of an attempt, whatever became of it: some hundred at most. */
  offending(attempt: Pick<LedgerEntry, 'attemptId' | 'job' | 'asOf'>): Promise<readonly OffendingRow[]>;
  close(): Promise<void>;
}

/** Groups the entries of a job by date: of each date at least its newest and its current one must be among them. */
export function groupByDate(entries: readonly LedgerEntry[]): readonly LedgerDate[] {
  const dates = new Map<string, LedgerDate>();
  for (const entry of entries) {
    const { newest, current } = dates.get(entry.asOf) ?? { newest: entry, current: undefined };
    dates.set(entry.asOf, {
      asOf: entry.asOf,
      newest: isNewer(entry, newest) ? entry : newest,
      // A job that was given another table has a slice in each: the one that began later is what it publishes to now.
      current: entry.current && (current === undefined || isNewer(entry, current)) ? entry : current,
    });
  }
  return [...dates.values()].sort((a, b) => (a.asOf < b.asOf ? -1 : 1));
}

function isNewer(entry: LedgerEntry, than: LedgerEntry): boolean {
  const [one, other] = [Date.parse(entry.startedAt), Date.parse(than.startedAt)];
  return one === other ? entry.attemptId > than.attemptId : one > other;
}
