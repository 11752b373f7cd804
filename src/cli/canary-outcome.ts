import { PredawnError } from '../domain/errors.js';
import type { Receipt } from '../domain/receipt.js';
import type { RunEvent } from '../domain/run-events.js';
import { failureText, percent } from '../run/rollout/canary-failure.js';
import { nextStep } from './print.js';

export type AdvancedCanary = Extract<RunEvent, { kind: 'canary advanced' }>;

/** What to page somebody with after a run whose canary failed: its slice is published all the same. */
export function canaryFailureOf(receipt: Receipt): PredawnError | undefined {
  const { rollout, job, as_of: asOf, artefact, environment, outcome } = receipt;
  if (rollout?.mode !== 'canary' || rollout.outcome !== 'failed') return undefined;
  const candidate = `${artefact.name}@${rollout.candidate.version}`;
  const done =
    outcome === 'staged' ? 'staged' : outcome === 'unchanged' ? 'published as it was' : 'published';
  const code =
    rollout.problem?.code ?? `canary.${rollout.checks.find(({ status }) => status === 'failed')!.check}`;
  return new PredawnError(
    'canary',
    code,
    `${job} ${asOf} is ${done} with the rows of ${artefact.name}@${artefact.version} alone, because the canary ${candidate} failed: ${failureText(rollout)}`,
    {
      hint: `Running again does not help: its share in ${environment} is 0. See "predawn model history ${artefact.name}"; to try it again: predawn model canary ${artefact.name} ${rollout.candidate.version} --env ${environment} --share ${percent(rollout.share).replace(' ', '')}`,
      details: { result: receipt },
    },
  );
}

/** What comes next for a canary, after a run. */
export function rolloutNextStep(
  { rollout, artefact, environment }: Receipt,
  advanced: AdvancedCanary | undefined,
  colors: boolean,
): string {
  if (advanced !== undefined)
    return `\n  The next run has the canary ${advanced.candidate} at ${percent(advanced.share)} of the keys.\n`;
  if (rollout?.mode !== 'canary' || rollout.share < 1) return '';
  return nextStep(
    `predawn model promote ${artefact.name} ${rollout.candidate.version} --to ${environment}`,
    colors,
  );
}
