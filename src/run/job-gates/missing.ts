import type { Tally } from '../../domain/tally.js';
import { columnShares } from './column-shares.js';
import type { Finding, GateFacts } from './finding.js';

/** Rows without a value by column. */
export function missingValues({ job, tally }: GateFacts): Finding[] {
  const rules = job.gates?.missing;
  if (rules === undefined || tally.read === 0) return [];
  const words = { none: 'no value is missing', over: 'missing values' };
  const held = columnShares(rules, missingCounts(tally), tally.read, words);
  return [{ gate: 'missing', action: rules.action, mayBlock: true, ...held }];
}

/** Those that the model took as NaN, and those that were rejected for it. */
function missingCounts({ missing = [], rejectGroups }: Tally) {
  const counts = new Map(missing.map(({ column, count }) => [column, count]));
  for (const { code, column, count } of rejectGroups) {
    if (code !== 'missing' || column === undefined) continue;
    counts.set(column, (counts.get(column) ?? 0) + count);
  }
  return [...counts].map(([column, count]) => ({ column, count }));
}
