import { columnShares } from './column-shares.js';
import type { Finding, GateFacts } from './finding.js';

/** Rows in which a feature has a category that no encoder of the model knows: it scores as if it had none. */
export function unknownCategories({ job, artefact, tally }: GateFacts): Finding[] {
  const rules = job.gates?.unknown_categories;
  if (rules === undefined || tally.scored === 0) return [];
  const head = { gate: 'unknown_categories', action: rules.action, mayBlock: true } as const;
  const counts = tally.unknownCategories ?? [];
  if (counts.length === 0)
    return [
      { ...head, found: 'undecided', detail: `no encoder of ${artefact} says which categories it knows` },
    ];
  const words = { none: 'every category is known', over: 'unknown categories' };
  return [{ ...head, ...columnShares(rules, counts, tally.scored, words) }];
}
