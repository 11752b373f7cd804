import pc from 'picocolors';
import type { SliceCheck, SliceState } from '../schedule/check-slice.js';
import type { PluginStatus } from './exit-codes.js';

/** One line for each job. */
export function checksText(checks: readonly SliceCheck[], colors: boolean): string {
  const { green, red, bold } = pc.createColors(colors);
  return checks
    .map(({ job, asOf = '', state, finding }) => {
      const mark = state === 'ok' ? green('✓') : red('✗');
      return `${mark} ${bold([job, asOf].join(' ').trim())} ${finding}\n`;
    })
    .join('');
}

export function checkJson(check: SliceCheck): Record<string, unknown> {
  return {
    job: check.job,
    as_of: check.asOf ?? null,
    state: check.state,
    finding: check.finding,
    deadline: check.deadline ?? null,
    rows: check.rows ?? null,
    usual_rows: check.usualRows ?? null,
  };
}

/** A slice that is there, but odd, is a warning; one that is not there is critical. */
const STATUS_OF: Record<SliceState, PluginStatus> = {
  ok: 'OK',
  stale: 'WARNING',
  small: 'WARNING',
  missing: 'CRITICAL',
  running: 'CRITICAL',
  failed: 'CRITICAL',
  staged: 'CRITICAL',
};

export function pluginStatus(checks: readonly SliceCheck[]): PluginStatus {
  const statuses = checks.map(({ state }) => STATUS_OF[state]);
  return (['CRITICAL', 'WARNING'] as const).find((status) => statuses.includes(status)) ?? 'OK';
}

/** `PREDAWN CRITICAL - churn 2026-11-24 is missing … | churn_rows=500`: the worst first, then figures. */
export function pluginLine(checks: readonly SliceCheck[]): string {
  const order: PluginStatus[] = ['CRITICAL', 'WARNING', 'OK'];
  const findings = [...checks]
    .sort((one, other) => order.indexOf(STATUS_OF[one.state]) - order.indexOf(STATUS_OF[other.state]))
    .map(({ job, asOf = '', finding }) => [job, asOf, finding].join(' ').replaceAll(/\s*[|\s]\s*/g, ' '));
  const figures = checks.flatMap(({ job, rows }) => (rows === undefined ? [] : `'${job}_rows'=${rows}`));
  const performance = figures.length === 0 ? '' : ` | ${figures.join(' ')}`;
  return `PREDAWN ${pluginStatus(checks)} - ${findings.join('; ')}${performance}\n`;
}
