import type { RolloutReport } from '../domain/rollout.js';
import { percent } from '../run/rollout/canary-failure.js';

/** What a receipt says of a shadow or canary, as lines for people: a label and a text each. `shorten` shortens paths. */
export function rolloutRows(
  model: string,
  report: RolloutReport,
  shorten: (location: string) => string,
): [label: string, text: string][] {
  const { mode, candidate, outcome, rows, changed_labels: changed, differences, output } = report;
  const name = `${model}@${candidate.version}`;
  if (report.problem !== null && mode === 'shadow') return [['shadow', `${name} failed`]];
  const share = mode === 'canary' ? `, ${percent(report.share)} of the keys` : '';
  const refused = rows.rejected === 0 ? '' : `, ${grouped(rows.rejected)} it could not take`;
  const labels =
    changed === null || rows.scored === 0
      ? ''
      : `, ${grouped(changed)} labels differ (${percent(changed / rows.scored)})`;
  const lines: [string, string][] = [
    [mode, `${name}${share}: ${OUTCOMES[outcome]}; ${grouped(rows.scored)} rows${refused}${labels}`],
  ];
  for (const { column, mean_difference: mean, max_difference: most, psi } of differences) {
    if (mean === null || most === null) continue;
    lines.push([
      '',
      `${column}: differs by ${short(mean)} on average, ${short(most)} at most, PSI ${short(psi)}`,
    ]);
  }
  if (output !== null) lines.push(['', `${grouped(output.rows)} rows in ${shorten(output.location)}`]);
  return lines;
}

const OUTCOMES = {
  passed: 'its checks hold',
  not_judged: 'compared',
  failed: 'failed, its rows are not published',
} as const;

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
