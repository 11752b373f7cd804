import type { GateCheck } from '../../domain/gate.js';
import type { CanaryRules } from '../../domain/rollout.js';
import { replayChecks } from '../gate/checks.js';
import type { CandidateFigures } from './watch-candidate.js';

/** What a canary is judged by. */
export interface JudgedCanary {
  readonly rules: CanaryRules;
  readonly figures: CandidateFigures;
  /** `churn@3`. */
  readonly live: string;
  readonly environment: string;
}

/**
 * The checks of a canary: those of a gate, with the ceilings of the environment's `canary`, on the canary's rows. With
 * fewer rows than `minRows` there is none, but for scores that no run publishes.
 */
export function canaryChecks({ rules, figures, live, environment }: JudgedCanary): GateCheck[] {
  const { tally, comparison } = figures;
  const isEnough = tally.read >= rules.minRows;
  if (!isEnough && tally.faults.length === 0) return [];
  const { rejectRate, scoreShift, labelChange } = rules;
  const ceilings = {
    rejectRate,
    scoreShift,
    labelChange,
    millisecondsPer1kRows: undefined,
    rssMegabytes: undefined,
  };
  const none = {
    ...{ rejectRate: undefined, scoreShift: undefined, labelChange: undefined },
    ...{ millisecondsPer1kRows: undefined, rssMegabytes: undefined },
  };
  const checks = replayChecks({
    rules: { on: { job: undefined, dates: 1 }, ceilings: isEnough ? ceilings : none },
    replay: { dates: [], tally, comparison, millisecondsPer1kRows: undefined, peakRss: 0 },
    incumbent: live,
    environment,
  });
  return checks
    .filter(({ check }) => check !== 'input')
    .map((check) => (check.hint === null || check.check === 'scores' ? check : { ...check, hint: HINT }));
}

const HINT =
  'If that is meant to be, raise the ceiling under canary in predawn.yaml, and start the canary again.';
