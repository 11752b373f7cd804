import type { CanaryRules } from './rollout.js';

/**
 * What an environment asks of a version before it may become live there: `gate` in `predawn.yaml`. Ceilings that are
 * undefined are not checked. Golden rows always are.
 */
export interface GateRules {
  /** Real rows to score, of that job or else of the model's own. Undefined: none, and then no ceilings either. */
  readonly on: { readonly job: string | undefined; readonly dates: number } | undefined;
  readonly ceilings: GateCeilings;
}

export interface GateCeilings {
  /** Share of the rows read, 0 to 1. */
  readonly rejectRate: number | undefined;
  /** Milliseconds of scoring for 1,000 rows, the 95th percentile. */
  readonly millisecondsPer1kRows: number | undefined;
  /** Megabytes (10^6 bytes) of resident memory, the peak. */
  readonly rssMegabytes: number | undefined;
  /** Population stability index of each score against the live version's. */
  readonly scoreShift: number | undefined;
  /** Share of the rows whose label differs from the live version's, 0 to 1. */
  readonly labelChange: number | undefined;
}

/** What `predawn.yaml` says about promotions to an environment. */
export interface PromotionRules {
  /** The environment where a version must be live first. */
  readonly after: string | undefined;
  readonly gate: GateRules | undefined;
  /** What stops a version that is tried out there on a share of the keys. */
  readonly canary?: CanaryRules;
}

/** The checks of a gate, in a report's order; those with a ceiling are called as the ceiling is in `predawn.yaml`. */
export const GATE_CHECKS = [
  'golden',
  'input',
  'scores',
  'max_reject_rate',
  'max_ms_per_1k_rows',
  'max_rss_mb',
  'max_score_shift',
  'max_label_change',
] as const;

export type GateCheckName = (typeof GATE_CHECKS)[number];

/** One check of a gate. Field names are the JSON's. */
export interface GateCheck {
  readonly check: GateCheckName;
  readonly status: 'passed' | 'failed' | 'not_applicable';
  /** What was measured, and the most it may be (for `input` the least), in `unit`. Null where there is no number. */
  readonly found: number | null;
  readonly ceiling: number | null;
  readonly unit: 'rows' | 'dates' | 'share' | 'ms per 1,000 rows' | 'MB' | 'PSI';
  /** What was looked at, or why there is nothing to look at. No row contents. */
  readonly detail: string;
  /** What to do about a failure. */
  readonly hint: string | null;
}

/** One data date whose rows were scored, or that had no input. */
export interface GateDate {
  readonly date: string;
  readonly input: string | null;
  /** `sha256:<hex>` of the input; null where there is none. */
  readonly fingerprint: string | null;
  readonly rows: number;
  readonly rejected: number;
  /** Why there is no input. */
  readonly absent: string | null;
}

/** A version as a report names it. */
export interface GateVersion {
  readonly version: number;
  readonly digest: string;
}

/**
 * The outcome of a gate: every figure beside its ceiling. What `--json` prints and what the history keeps with the
 * move. Field names are the JSON's; times are ISO 8601 in UTC.
 */
export interface GateReport {
  readonly model: string;
  readonly environment: string;
  readonly candidate: GateVersion;
  /** What is live in the environment; null before the first promotion. */
  readonly incumbent: GateVersion | null;
  /** Whether every check passed or did not apply. */
  readonly passed: boolean;
  readonly checks: readonly GateCheck[];
  /** The job whose rows were scored; null where the gate asks for none. */
  readonly job: { readonly name: string; readonly digest: string } | null;
  readonly dates: readonly GateDate[];
  readonly notes: readonly string[];
  readonly started_at: string;
  readonly seconds: number;
  readonly versions: { readonly predawn: string; readonly node: string; readonly onnxruntime: string };
}
