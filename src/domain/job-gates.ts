import type { Limit } from './job.js';

/** The gates that a job file may ask for, by the names it has for them. */
export const JOB_GATES = [
  'row_count',
  'constant_scores',
  'missing',
  'unknown_categories',
  'score_shift',
  'feature_shift',
] as const;
export type JobGate = (typeof JOB_GATES)[number];

/** What a gate does that does not hold: the receipt says so, or nothing is published. */
export type GateAction = 'warn' | 'block';

/** `gates` of a job file. Shares are of 1. */
export interface JobGates {
  /** Rows scored, as shares of what the same weekday usually has. */
  readonly row_count?:
    | { readonly action: GateAction; readonly at_least: number; readonly at_most?: number | undefined }
    | undefined;
  /** A score that is the same in every row. */
  readonly constant_scores?: { readonly action: GateAction } | undefined;
  /** Most rows in which a feature's column may have no value: of every such column, and of some. */
  readonly missing?: ColumnShares | undefined;
  /** Rows in which a feature has a category that no encoder of the model knows. */
  readonly unknown_categories?: ColumnShares | undefined;
  /** The job's own, by their names. */
  readonly checks?: Readonly<Record<string, JobCheck>> | undefined;
  /** How far published scores, and features, are distributed otherwise than before. */
  readonly score_shift?: ShiftGate | undefined;
  readonly feature_shift?: ShiftGate | undefined;
}

/** Most rows that each column may count for, and some of them. */
export interface ColumnShares {
  readonly action: GateAction;
  readonly at_most?: number | undefined;
  readonly columns: Readonly<Record<string, number>>;
}

/** A check of the staged rows. */
export interface JobCheck {
  readonly action: GateAction;
  /** Most rows that may break it. */
  readonly at_most: Limit;
  /** An expression that must be true in every row; or SQL that gives the rows that break it, or one boolean. */
  readonly row?: string | undefined;
  readonly sql?: string | undefined;
}

/** Population stability index: the most that every column may have, and some of them. */
export interface ShiftGate {
  readonly action: GateAction;
  readonly psi: number;
  readonly columns: Readonly<Record<string, number>>;
  /** How many of the last slices are compared with, together; undefined: the profile of the artefact. */
  readonly slices?: number | undefined;
}

/** What came of a gate, as the receipt has it. One that blocks leaves no receipt. */
export interface GateResult {
  /** One of `JOB_GATES`, or the name of a check. */
  readonly gate: string;
  /** `undecided`: there was too little to compare with. */
  readonly status: 'passed' | 'undecided' | 'warned' | 'accepted';
  /** The figure and its limit. */
  readonly detail: string;
  /** Who let it pass, and why; for `accepted`. */
  readonly accepted?: { readonly by: string; readonly reason: string };
}

/** The gates of a job file that a person lets pass in one run. */
export interface AcceptedGates {
  readonly gates: readonly string[];
  readonly reason: string;
}
