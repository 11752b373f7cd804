import type { OffendingRow } from './offending.js';
import type { Histogram } from './profile.js';

/** What a run, or a shard of one, has seen; the gates and the receipt read it. Plain data: a shard's is kept. */
export interface Tally {
  readonly read: number;
  readonly scored: number;
  readonly rejected: number;
  readonly inexactIntegers: number;
  readonly rejectsByCode: Readonly<Record<string, number>>;
  /** Rejects by code and column, most frequent first, with the line of the first one. */
  readonly rejectGroups: readonly RejectGroup[];
  readonly faults: readonly ScoreFault[];
  /** Where a gate of the job asks for them: the ranges of the scores, and missing values in the rows scored. */
  readonly scoreRanges?: readonly ScoreRange[] | undefined;
  readonly missing?: readonly ColumnCount[] | undefined;
  /** Rows by feature with a category that no encoder of the model knows. */
  readonly unknownCategories?: readonly ColumnCount[] | undefined;
  /** Rows for which a check of the job file is not true, by its name. */
  readonly brokenRules?: readonly ColumnCount[] | undefined;
  /** Of both, the first few rows: to be kept apart, and told nobody. */
  readonly offending?: readonly OffendingRow[] | undefined;
  /** In the bins of the artefact's profile, where it has one. */
  readonly distributions?: Distributions | undefined;
}

/** How the rows that were scored are distributed. */
export interface Distributions {
  readonly features: readonly Histogram[];
  readonly scores: readonly Histogram[];
}

/** Of one published column of numbers. */
export interface ScoreRange {
  readonly column: string;
  readonly least: number;
  readonly most: number;
}

export interface ColumnCount {
  readonly column: string;
  readonly count: number;
}

export interface RejectGroup {
  readonly code: string;
  readonly column: string | undefined;
  readonly count: number;
  readonly firstLine: number;
}

/** Scores of one column that must not be published. */
export interface ScoreFault {
  readonly kind: 'not_finite' | 'not_a_probability';
  readonly column: string;
  readonly count: number;
  /** The first few, in input order. */
  readonly keys: readonly string[];
}
