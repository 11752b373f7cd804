import type { JobCheck } from '../../domain/job-gates.js';
import type { Limit } from '../../domain/job.js';
import { type Finding, type GateFacts, percent, rows } from './finding.js';

/** The checks of the job file: expressions over each row, and SQL over all of them. */
export function checks(facts: GateFacts): Finding[] {
  return Object.entries(facts.job.gates?.checks ?? {}).map(([name, check]) => ({
    ...{ gate: name, action: check.action, mayBlock: true },
    ...held(name, check, facts),
  }));
}

function held(
  name: string,
  { row, at_most }: JobCheck,
  { tally, sqlChecks }: GateFacts,
): Pick<Finding, 'found' | 'detail'> {
  if (row !== undefined) {
    const broken = tally.brokenRules?.find(({ column }) => column === name)?.count ?? 0;
    return rowsHeld(broken, at_most, tally.scored, 'it is not true');
  }
  const finding = sqlChecks?.[name];
  if (finding === undefined)
    return { found: 'undecided', detail: 'SQL can be asked of a destination in a database alone' };
  if (finding.kind === 'rows') return rowsHeld(finding.count, at_most, tally.scored, 'its query gives a row');
  return finding.holds
    ? { found: 'passed', detail: 'it is true' }
    : { found: 'failed', detail: 'it is not true' };
}

function rowsHeld(broken: number, limit: Limit, of: number, what: string): Pick<Finding, 'found' | 'detail'> {
  const most = 'count' in limit ? limit.count : limit.share * of;
  const detail = `${what} for ${broken} of ${rows(of)}, at most ${'count' in limit ? limit.count : percent(limit.share)}`;
  return { found: broken <= most ? 'passed' : 'failed', detail };
}
