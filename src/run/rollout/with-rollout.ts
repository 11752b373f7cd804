import { describeError, PredawnError } from '../../domain/errors.js';
import type { Receipt } from '../../domain/receipt.js';
import type { Artefact, JsonObject, Registry } from '../../domain/registry.js';
import type { RolloutReport, RolloutRun } from '../../domain/rollout.js';
import { BY_RUN, cleanMove, failMove } from '../../domain/rollout-moves.js';
import type { RunContext, RunRequest } from '../run-request.js';
import { canaryFailure, failedCanary, type FailedCanary, failureText } from './canary-failure.js';
import { findRollout, type Rollout } from './find-rollout.js';

/** A canary that did not hold, and that the run goes on without. */
export interface StoppedCanary {
  readonly label: string;
  readonly report: RolloutReport;
  /** Why its share could not be set to 0. */
  readonly notStopped: string | undefined;
}

export interface RolloutRunRequest {
  readonly registry: Registry;
  readonly request: RunRequest;
  readonly context: RunContext;
  readonly live: Artefact;
  readonly asOf: string;
}

/** A run with what is tried out in it, or after a canary that did not hold. */
type Work = (rollout: Rollout | undefined, stopped: StoppedCanary | undefined) => Promise<Receipt>;

/**
 * Runs with the shadow or canary of the environment, and moves a canary by the outcome: a clean run is counted; after
 * one that does not hold its share is 0, and the run begins anew, as if there had been none. (To score once more costs
 * time on that morning alone; to stage both versions' rows would cost it on every one.)
 */
export async function withRollout(asked: RolloutRunRequest, work: Work): Promise<Receipt> {
  const { registry, request, context, live } = asked;
  const { job, settings } = request;
  // A few mended rows say nothing of a candidate, and it must not score a share of them again.
  if (request.replay !== undefined) return work(undefined, undefined);
  const rollout = await findRollout(registry, job, settings, live, context.services);
  if (rollout === undefined) return work(undefined, undefined);
  try {
    return await countClean(await work(rollout, undefined), rollout, asked);
  } catch (error) {
    const failed = failedCanary(error);
    if (failed === undefined) throw error;
    const { label } = rollout;
    // What publishes nothing moves nothing either.
    if (request.dryRun || request.compare === true || request.limit !== undefined)
      throw canaryFailure(`${job.name} ${asked.asOf}`, label, failed, 'data');
    const notStopped = await stop(rollout, failed, asked);
    context.onEvent({ kind: 'canary failed', candidate: label, reason: failureText(failed.report) });
    return work(undefined, { label, report: failed.report, notStopped });
  }
}

async function stop(
  { state }: Rollout,
  { report, attemptId }: FailedCanary,
  { registry, request, context, asOf }: RolloutRunRequest,
): Promise<string | undefined> {
  const place = { model: request.job.model, environment: request.settings.environment.name };
  const run: RolloutRun = { job: request.job.name, asOf, attemptId };
  const facts = { at: context.now().toISOString(), by: BY_RUN, reason: failureText(report), run };
  const kept = { ...report } as unknown as JsonObject;
  try {
    await registry.moveRollout(place.model, place.environment, (last) =>
      failMove(place, last, state, { ...facts, report: kept }),
    );
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

async function countClean(
  receipt: Receipt,
  { state, label }: Rollout,
  { registry, request, context, asOf }: RolloutRunRequest,
): Promise<Receipt> {
  const isClean = receipt.outcome === 'published' && receipt.rollout?.outcome === 'passed';
  if (state.mode !== 'canary' || !isClean) return receipt;
  const place = { model: request.job.model, environment: request.settings.environment.name };
  const run: RolloutRun = { job: request.job.name, asOf, attemptId: receipt.attempt_id };
  const facts = { at: context.now().toISOString(), by: BY_RUN, reason: undefined, run };
  try {
    const move = await registry.moveRollout(place.model, place.environment, (last) =>
      cleanMove(place, last, state, facts),
    );
    if (move?.action === 'advance' && move.run?.attemptId === receipt.attempt_id)
      context.onEvent({ kind: 'canary advanced', candidate: label, share: move.to!.share });
    return receipt;
  } catch (error) {
    // The slice is published, whatever becomes of the count.
    const reason = error instanceof PredawnError ? error.message : describeError(error);
    return {
      ...receipt,
      warnings: [...receipt.warnings, `the clean run of the canary ${label} could not be counted: ${reason}`],
    };
  }
}
