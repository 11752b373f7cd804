import type { EncoderSpec } from '../../domain/codecs.js';
import type { OutputColumn, Reject } from '../../domain/columns.js';
import type { ModelSignature } from '../../domain/model.js';
import type { RolloutMode } from '../../domain/rollout.js';
import type { PublishedOutputs } from '../gate/score-columns.js';
import type { JoinedPlan } from '../gate/joined-plan.js';
import type { ScoreFault } from '../score-faults.js';

/** What a thread needs to score with a candidate beside the live version. Plain data, as `ScoringPlan` is. */
export interface CandidatePlan {
  readonly mode: RolloutMode;
  /** Name of the model, that keys are spread by, and the share of them, 0 to 1. */
  readonly name: string;
  readonly share: number;
  readonly signature: ModelSignature;
  /** Shared, not copied, between threads. */
  readonly model: Uint8Array<SharedArrayBuffer>;
  /** As the candidate publishes them; a canary's have the names and types of the live version's, in their order. */
  readonly outputs: readonly OutputColumn[];
  readonly live: PublishedOutputs;
  readonly joined: JoinedPlan;
  /** For a shadow whose rows are kept: how. */
  readonly shadow: { readonly encoder: EncoderSpec; readonly hashKeys: boolean } | undefined;
}

/** What a candidate gave for one block. Plain data. */
export interface CandidateBlock {
  /** Rows of the block in its share that the live version scored: `rows` and `rejects.length`. */
  readonly read: number;
  readonly rows: number;
  /** Those that the candidate alone can't take; lines count from 1 at the block's start. */
  readonly rejects: readonly Reject[];
  readonly inexactIntegers: number;
  readonly faults: readonly ScoreFault[];
  /** Of every score that both publish, in the order of `pairScores`: the candidate's values, then the live version's. */
  readonly scores: readonly Float64Array<ArrayBuffer>[];
  readonly changedLabels: number;
  /** The candidate's rows, encoded, for a shadow that is kept. */
  readonly shadow:
    | {
        readonly payload: Uint8Array<ArrayBuffer>;
        readonly keyHashes: BigUint64Array<ArrayBuffer> | undefined;
      }
    | undefined;
}

/** Why a candidate could not score a block: it must not take the run down with it. Plain data. */
export interface CandidateFailure {
  readonly problem: { readonly code: string; readonly message: string };
}

export type CandidateOutcome = CandidateBlock | CandidateFailure;
