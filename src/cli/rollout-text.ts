import type { RolloutMove, RolloutState } from '../domain/rollout.js';
import { percent } from '../run/rollout/canary-failure.js';

/** `shadow`, `canary 5 %`. */
export function stateText({ mode, share }: Pick<RolloutState, 'mode' | 'share'>): string {
  return mode === 'shadow' ? 'shadow' : `canary ${percent(share)}`;
}

/** `production (canary 5 %)`. */
export function triedOutText(
  rollout: Pick<RolloutState, 'mode' | 'share'> & { readonly environment: string },
): string {
  return `${rollout.environment} (${stateText(rollout)})`;
}

/** What a rollout's move did, as one line. */
export function rolloutMoveText({ model, environment, from, to }: RolloutMove): string {
  if (to === undefined)
    return `${model}@${from!.version} is no ${from!.mode} in ${environment} any longer.\n`;
  const replaced =
    from === undefined || from.version === to.version
      ? ''
      : ` (before: ${stateText(from)} of ${model}@${from.version})`;
  return to.mode === 'shadow'
    ? `${model}@${to.version} is a shadow in ${environment}: it scores every row of every run, and publishes into a table beside${replaced}.\n`
    : `${model}@${to.version} is a canary in ${environment}: it scores ${percent(to.share)} of the keys${replaced}.\n${rampText(to)}`;
}

function rampText({ ramp, afterCleanRuns }: RolloutState): string {
  if (ramp.length < 2) return '';
  return `After every ${afterCleanRuns} clean runs it goes on: ${ramp.map(percent).join(', ')}.\n`;
}

/** One move of a rollout for machines; always the same keys. */
export function rolloutMoveJson(move: RolloutMove): Record<string, unknown> {
  const { run } = move;
  return {
    model: move.model,
    environment: move.environment,
    action: move.action,
    from: stateJson(move.from),
    to: stateJson(move.to),
    at: move.at,
    by: move.by,
    reason: move.reason ?? null,
    run: run === undefined ? null : { job: run.job, as_of: run.asOf, attempt_id: run.attemptId },
    report: move.report ?? null,
  };
}

function stateJson(state: RolloutState | undefined): Record<string, unknown> | null {
  if (state === undefined) return null;
  const { mode, version, digest, share, ramp, afterCleanRuns, cleanRuns, cleanAtShare } = state;
  return {
    ...{ mode, version, digest, share, ramp, after_clean_runs: afterCleanRuns },
    ...{ clean_runs: cleanRuns, clean_at_share: cleanAtShare },
  };
}
