import type { OutputType } from './columns.js';

/** A row's value in one column as people write it; null where it has none. */
export type ShownValue = string | null;

/** One row whose value in a column differs. */
export interface Difference {
  /** Key columns joined by `, `. */
  readonly key: string;
  readonly was: ShownValue;
  readonly is: ShownValue;
  /** `is - was`, for numbers that are both there and finite. */
  readonly difference: number | undefined;
}

export interface ColumnComparison {
  readonly column: string;
  readonly type: OutputType;
  /** Rows of both sides with another value here. */
  readonly changed: number;
  /** Numbers: what can't be subtracted first, then by size of the difference; others: by key. */
  readonly largest: readonly Difference[];
}

/** How an attempt's staged rows differ from the slice. Rows are matched by key and compared by outputs. */
export interface SliceComparison {
  /** Rows on each side. */
  readonly staged: number;
  readonly slice: number;
  readonly onlyStaged: number;
  readonly onlySlice: number;
  /** Rows of both sides with another value in at least one output. */
  readonly changed: number;
  readonly columns: readonly ColumnComparison[];
}
