import { type Finding, type GateFacts, rows } from './finding.js';

/** A score that is the same in every row. */
export function constantScores({ job, tally }: GateFacts): Finding[] {
  const rules = job.gates?.constant_scores;
  if (rules === undefined || tally.scored === 0) return [];
  const head = { gate: 'constant_scores', action: rules.action, mayBlock: true } as const;
  // One row has one score.
  if (tally.scored === 1) return [{ ...head, found: 'undecided', detail: 'there is one row' }];
  const ranges = tally.scoreRanges ?? [];
  const constant = ranges.filter(({ least, most }) => least === most);
  if (constant.length === 0) {
    const found = ranges.length === 0 ? 'undecided' : 'passed';
    const detail = ranges.length === 0 ? 'no score is a number' : 'every score varies';
    return [{ ...head, found, detail }];
  }
  const named = constant.map(({ column, least }) => `${column} is ${least}`).join(', ');
  return [{ ...head, found: 'failed', detail: `${named} in all ${rows(tally.scored)}; a score must vary` }];
}
