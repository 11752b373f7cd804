import type { RolloutReport } from '../../domain/rollout.js';
import type { ReceiptFacts } from '../complete-receipt.js';
import { failureText } from './canary-failure.js';

/** What a receipt says of a candidate that failed. */
export function rolloutWarnings(
  { stopped, rollout, artefact }: Pick<ReceiptFacts, 'stopped' | 'rollout' | 'artefact'>,
  report: RolloutReport | undefined,
): string[] {
  if (stopped !== undefined) {
    const { label, report: failed, notStopped } = stopped;
    const { name, version } = artefact.manifest;
    return [
      `the canary ${label} failed, and all rows are ${name}@${version}'s: ${failureText(failed)}`,
      ...(notStopped === undefined ? [] : [`the share of ${label} could not be set to 0: ${notStopped}`]),
    ];
  }
  if (report?.problem === null || report === undefined) return [];
  return [`the shadow ${rollout?.label ?? ''} failed, the slice is complete: ${report.problem.message}`];
}
