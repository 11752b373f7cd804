import type { ColumnShares } from '../../domain/job-gates.js';
import type { ColumnCount } from '../../domain/tally.js';
import { type Finding, percent, rows } from './finding.js';

/** Holds how many rows each column counts for against the share that it may have: its own, or that of all. */
export function columnShares(
  rules: ColumnShares,
  counts: readonly ColumnCount[],
  of: number,
  words: { readonly none: string; readonly over: string },
): Pick<Finding, 'found' | 'detail'> {
  const shares = counts.map(({ column, count }) => {
    const limit = Object.hasOwn(rules.columns, column) ? rules.columns[column] : rules.at_most;
    return { column, count, share: count / of, limit };
  });
  const over = shares.filter(({ share, limit }) => limit !== undefined && share > limit);
  if (over.length === 0) {
    const most = shares.sort((a, b) => b.share - a.share)[0];
    const detail = most === undefined || most.count === 0 ? words.none : `most: ${shareText(most)}`;
    return { found: 'passed', detail };
  }
  const named = over.map((each) => `${shareText(each)}, at most ${percent(each.limit!)}`).join('; ');
  return { found: 'failed', detail: `${words.over} in ${named}` };

  function shareText({ column, count, share }: { column: string; count: number; share: number }): string {
    return `${column} ${percent(share)} (${count} of ${rows(of)})`;
  }
}
