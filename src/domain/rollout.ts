import type { GateCheck, GateVersion } from './gate.js';
import type { JsonObject } from './registry.js';

/**
 * How a candidate is tried out beside what is live: `shadow` scores every row and publishes none into the slice,
 * `canary` scores and publishes the rows of a share of the keys.
 */
export type RolloutMode = 'shadow' | 'canary';

/** What is being tried out in an environment. */
export interface RolloutState {
  readonly mode: RolloutMode;
  /** The candidate, and what its digest was when it was chosen. */
  readonly version: number;
  readonly digest: string;
  /** Share of the keys, 0 to 1; 1 for a shadow, 0 for a canary that failed. */
  readonly share: number;
  /** The shares that a canary goes through, ascending, `share` among them unless it is 0; one where it stays. */
  readonly ramp: readonly number[];
  /** After so many clean runs at one share comes the next one. */
  readonly afterCleanRuns: number;
  /** Runs (`job date`) that were clean, each one once, and how many of them at the present share. */
  readonly cleanRuns: readonly string[];
  readonly cleanAtShare: number;
}

/** The run that made predawn move a rollout. */
export interface RolloutRun {
  readonly job: string;
  readonly asOf: string;
  readonly attemptId: string;
}

/**
 * One move of a rollout: `start` by a person, `stop` by a person, `clean` and `advance` by a run whose checks held,
 * `fail` by one whose checks did not. `from` is what the move before led to.
 */
export interface RolloutMove {
  readonly model: string;
  readonly environment: string;
  readonly action: 'start' | 'stop' | 'clean' | 'advance' | 'fail';
  readonly from: RolloutState | undefined;
  /** Undefined after `stop`. */
  readonly to: RolloutState | undefined;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: string;
  readonly reason: string | undefined;
  readonly run: RolloutRun | undefined;
  /** What a run that failed found: a `RolloutReport`. */
  readonly report: JsonObject | undefined;
}

/** Ceilings of a canary: `canary` of an environment in `predawn.yaml`. Undefined ones are not checked. */
export interface CanaryRules {
  /** Share of the canary's rows that the candidate alone can't score, 0 to 1. */
  readonly rejectRate: number | undefined;
  /** Population stability index of each score against the live version's, on the canary's rows. */
  readonly scoreShift: number | undefined;
  /** Share of the canary's rows whose label differs, 0 to 1. */
  readonly labelChange: number | undefined;
  /** Fewer rows in the canary are compared with no ceiling, and their run is not counted as clean. */
  readonly minRows: number;
}

/** What holds where an environment says nothing of canaries. */
export const NO_CEILINGS: CanaryRules = {
  ...{ rejectRate: undefined, scoreShift: undefined, labelChange: undefined, minRows: 100 },
};

/** How one score of both versions differs on the rows that both scored. */
export interface ScoreColumnDifference {
  readonly column: string;
  /** Of candidate minus live, over rows in which both are finite; null where there is none. */
  readonly mean_difference: number | null;
  /** The largest distance. */
  readonly max_difference: number | null;
  /** Population stability index. */
  readonly psi: number;
}

/** What a run found out about a candidate, for the receipt. Field names are the JSON's. */
export interface RolloutReport {
  readonly mode: RolloutMode;
  readonly candidate: GateVersion;
  /** Share of the keys, 0 to 1, in this run. */
  readonly share: number;
  /**
   * `passed`, or `not_judged` where there is nothing to judge by (a shadow, too few rows, a part of the input);
   * `failed`: the slice has none of the candidate's rows.
   */
  readonly outcome: 'passed' | 'not_judged' | 'failed';
  /** Why the candidate could not be scored with, or its rows not be published. */
  readonly problem: { readonly code: string; readonly message: string } | null;
  /** Rows of its share that the live version scored = those that the candidate scored + those that it could not take. */
  readonly rows: { readonly read: number; readonly scored: number; readonly rejected: number };
  /** Rows with another label; null where there are no labels to compare. */
  readonly changed_labels: number | null;
  readonly differences: readonly ScoreColumnDifference[];
  /** A canary's checks, every figure beside its ceiling. */
  readonly checks: readonly GateCheck[];
  /** Where a shadow's rows are; null for a canary, and where none were published. */
  readonly output: { readonly attempt_id: string; readonly location: string; readonly rows: number } | null;
}
