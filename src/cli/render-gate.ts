import pc from 'picocolors';
import type { GateCheck, GateReport } from '../domain/gate.js';
import type { AcceptedCheck } from '../domain/registry.js';
import { ceilingText, foundText } from '../run/gate/figures.js';
import { renderTable } from './render-table.js';

/** A gate's report as a person reads it: every figure beside its ceiling. */
export function renderGate(
  report: GateReport,
  colors: boolean,
  accepted: readonly AcceptedCheck[] = [],
): string {
  const { bold, green, red, dim, yellow } = pc.createColors(colors);
  const { model, candidate, incumbent, environment, passed, job, dates } = report;
  const isAccepted = (check: GateCheck) => accepted.some((each) => each.check === check.check);
  const marks = {
    passed: green('passed'),
    failed: red('failed'),
    not_applicable: dim('not applicable'),
  };
  const heading = passed
    ? `${green('✓')} ${bold(`${model}@${candidate.version}`)} passes the gate of ${environment}`
    : `${red('✗')} ${bold(`${model}@${candidate.version}`)} does not pass the gate of ${environment}`;
  const rows = report.checks.map((check) => [
    check.check,
    isAccepted(check) ? yellow('accepted') : marks[check.status],
    foundText(check),
    ceilingText(check),
    check.detail,
  ]);
  const facts = [
    ['live', incumbent === null ? 'nothing yet' : `${model}@${incumbent.version}  ${dim(incumbent.digest)}`],
    ['candidate', `${model}@${candidate.version}  ${dim(candidate.digest)}`],
    ...(job === null
      ? []
      : [
          [
            'rows',
            `${job.name}: ${dates.map(({ date, rows: read }) => `${date} (${read.toLocaleString('en-US')})`).join(', ')}`,
          ],
        ]),
    ...report.notes.map((note) => ['note', yellow(note)]),
    ...accepted.map(({ check, reason }) => ['accepted', yellow(`${check}: ${reason}`)]),
    ['took', `${report.seconds.toFixed(2)} s with onnxruntime-node ${report.versions.onnxruntime}`],
  ];
  return [
    `${heading}\n\n`,
    renderTable(['check', 'result', 'found', 'ceiling', ''], rows, colors).replaceAll(/^(?=.)/gm, '  '),
    '\n',
    ...facts.map(([name, text]) => `  ${dim(name!.padEnd(12))} ${text}\n`),
  ].join('');
}
