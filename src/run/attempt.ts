import type { CandidatePlan } from './rollout/candidate-plan.js';
import type { PredawnError } from '../domain/errors.js';
import type { Binding } from '../domain/binding.js';
import type { Job } from '../domain/job.js';
import type { Model } from '../domain/model.js';
import type { Attempt, Publication, RowStage, TargetTable } from '../domain/publication.js';
import type { Artefact } from '../domain/registry.js';
import type { Source } from '../domain/source.js';
import { askedFigures } from './asked-figures.js';
import type { ScoringPlan } from './block-scorer.js';
import type { FixedDate } from './fix-date.js';
import type { Replay } from './replay.js';
import type { RunContext, RunRequest } from './run-request.js';
import type { Rollout } from './rollout/find-rollout.js';
import type { PreparedCandidate } from './rollout/prepare-candidate.js';
import type { StoppedCanary } from './rollout/with-rollout.js';
import type { WorkerThread } from './worker-thread.js';

/** Everything that is fixed before the first block is read. */
export interface RunFacts {
  readonly request: RunRequest;
  readonly context: RunContext;
  readonly date: FixedDate;
  readonly artefact: Artefact;
  /** Open, its golden rows scored. */
  readonly model: Model;
  /** Started for a pool of this run to take. */
  readonly threads: readonly WorkerThread[];
  readonly source: Source;
  readonly binding: Binding;
  readonly publication: Publication;
  readonly attempt: Attempt;
  /** How many rows the input must have, where `input.ready` tells. */
  readonly expectedRows?: number | undefined;
  /** What is tried out beside the artefact, and how it fits in; or the canary that an attempt before this one ended with. */
  readonly rollout?: Rollout | undefined;
  readonly prepared?: PreparedCandidate | PredawnError | undefined;
  readonly stopped?: StoppedCanary | undefined;
  /** Mended rows to be scored in place of the input's rejected ones. */
  readonly replay?: Replay | undefined;
}

export function artefactLabel({ manifest }: Artefact): string {
  return `${manifest.name}@${manifest.version}`;
}

export function describeTarget(job: Job, artefact: Artefact, binding: Binding): TargetTable {
  return {
    job: job.name,
    table: job.output.table,
    keys: binding.keys,
    outputs: binding.outputs,
    description: `Predictions of ${artefact.manifest.name}, one row per ${job.key.join(', ')} and data date; published by predawn job ${job.name}.`,
    format: job.output.format,
  };
}

export function describeAttempt(
  { settings, job }: RunRequest,
  context: RunContext,
  date: FixedDate,
  artefact: Artefact,
  target: TargetTable,
  rollout?: Rollout,
): Attempt {
  return {
    id: context.newAttemptId(),
    job: job.name,
    environment: settings.environment.name,
    asOf: date.asOf,
    artefact: artefactLabel(artefact),
    artefactDigest: artefact.digest,
    canary: rollout?.state.mode === 'canary' ? rollout.label : undefined,
    jobDigest: job.digest,
    startedAt: context.now().toISOString(),
    target,
    retain: settings.environment.retain,
    by: context.user,
  };
}

export function scoringPlan(
  facts: Pick<RunFacts, 'request' | 'artefact' | 'model' | 'source' | 'binding'>,
  stage: Pick<RowStage, 'encoder' | 'hashKeys'>,
  candidate?: CandidatePlan,
): ScoringPlan {
  const { request, artefact, model, source, binding } = facts;
  return {
    decoder: source.description.decoder,
    decode: binding.plan,
    signature: artefact.manifest.signature,
    model: artefact.model,
    outputs: binding.outputs,
    encoder: stage.encoder,
    hashKeys: stage.hashKeys,
    limit: request.limit,
    figures: askedFigures(request.job, artefact, binding, model),
    candidate,
  };
}
