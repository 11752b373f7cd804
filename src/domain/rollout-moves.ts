import { PredawnError } from './errors.js';
import type { JsonObject } from './registry.js';
import type { RolloutMove, RolloutRun, RolloutState } from './rollout.js';

/** Who, when and why. */
export type MoveFacts = Pick<RolloutMove, 'at' | 'by' | 'reason'>;

interface Place {
  readonly model: string;
  readonly environment: string;
}

/** What predawn signs its own moves with. */
export const BY_RUN = 'predawn';

/** The move that begins a rollout, in the place of whatever there was. */
export function startMove(
  place: Place,
  last: RolloutMove | undefined,
  to: Omit<RolloutState, 'cleanRuns' | 'cleanAtShare'>,
  facts: MoveFacts,
): RolloutMove {
  return move(place, last, 'start', { ...to, cleanRuns: [], cleanAtShare: 0 }, facts);
}

/** The move that ends a rollout. Throws kind `configuration`, code `rollout.none`, where there is none. */
export function stopMove(
  place: Place,
  last: RolloutMove | undefined,
  mode: RolloutState['mode'],
  facts: MoveFacts,
): RolloutMove {
  if (last?.to?.mode === mode) return move(place, last, 'stop', undefined, facts);
  const { model, environment } = place;
  throw new PredawnError('configuration', 'rollout.none', `${model} has no ${mode} in ${environment}.`, {
    hint: `See "predawn model list" for what there is.`,
  });
}

/** A canary's share set to 0. Where somebody moved it meanwhile, their move stands. */
export function failMove(
  place: Place,
  last: RolloutMove | undefined,
  seen: RolloutState,
  facts: MoveFacts & { readonly run: RolloutRun; readonly report: JsonObject },
): RolloutMove | undefined {
  const now = last?.to;
  if (now === undefined || !isSameShare(now, seen)) return last;
  return move(place, last, 'fail', { ...now, share: 0, cleanAtShare: 0 }, facts);
}

/**
 * A clean run counted, and with enough of them the next share. Nothing for a canary that has no further share, for a
 * run that was counted already, and where somebody moved the canary meanwhile.
 */
export function cleanMove(
  place: Place,
  last: RolloutMove | undefined,
  seen: RolloutState,
  facts: MoveFacts & { readonly run: RolloutRun },
): RolloutMove | undefined {
  const now = last?.to;
  if (now === undefined || !isSameShare(now, seen)) return last;
  const next = now.ramp.find((share) => share > now.share);
  const name = `${facts.run.job} ${facts.run.asOf}`;
  if (next === undefined || now.cleanRuns.includes(name)) return last;
  const cleanRuns = [...now.cleanRuns, name];
  const cleanAtShare = now.cleanAtShare + 1;
  return cleanAtShare < now.afterCleanRuns
    ? move(place, last, 'clean', { ...now, cleanRuns, cleanAtShare }, facts)
    : move(place, last, 'advance', { ...now, share: next, cleanRuns, cleanAtShare: 0 }, facts);
}

/** Whether a move begins where the one before it ended. */
export function isChained(before: RolloutMove | undefined, after: RolloutMove): boolean {
  return isSame(before?.to, after.from);
}

/** Two jobs may have one model: a run of the other one may have been counted meanwhile. */
function isSameShare(one: RolloutState, other: RolloutState): boolean {
  const { mode, version, digest, share } = one;
  return mode === other.mode && version === other.version && digest === other.digest && share === other.share;
}

function isSame(one: RolloutState | undefined, other: RolloutState | undefined): boolean {
  if (one === undefined || other === undefined) return one === other;
  return (
    isSameShare(one, other) &&
    one.cleanAtShare === other.cleanAtShare &&
    one.afterCleanRuns === other.afterCleanRuns &&
    String(one.ramp) === String(other.ramp) &&
    String(one.cleanRuns) === String(other.cleanRuns)
  );
}

function move(
  { model, environment }: Place,
  last: RolloutMove | undefined,
  action: RolloutMove['action'],
  to: RolloutState | undefined,
  facts: MoveFacts & Partial<Pick<RolloutMove, 'run' | 'report'>>,
): RolloutMove {
  return { model, environment, action, from: last?.to, to, run: undefined, report: undefined, ...facts };
}
