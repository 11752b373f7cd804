import pc from 'picocolors';
import type { PlannedAttempt } from '../run/shards/plan-attempt.js';
import type { ShardReport } from '../run/shards/score-one.js';
import { nextStep } from './print.js';
import { renderReceipt } from './render-receipt.js';

/** A planned attempt for machines; always the same keys. */
export function planJson(planned: PlannedAttempt): Record<string, unknown> {
  if (planned.kind === 'unchanged') {
    const { attempt_id, job, as_of, artefact, input } = planned.receipt;
    const label = `${artefact.name}@${artefact.version}`;
    return { outcome: 'unchanged', attempt_id, job, as_of, artefact: label, input, shards: 0, missing: [] };
  }
  const { attempt, input, location } = planned.plan;
  const { fingerprint, bytes } = input.summary;
  return {
    outcome: 'planned',
    attempt_id: attempt.id,
    job: attempt.job,
    as_of: attempt.asOf,
    artefact: attempt.artefact,
    input: { location, fingerprint, bytes },
    shards: input.shards.length,
    missing: planned.missing,
  };
}

export function renderPlan(planned: PlannedAttempt, cwd: string, colors: boolean): string {
  if (planned.kind === 'unchanged') return renderReceipt(planned.receipt, cwd, colors);
  const { bold, green, dim } = pc.createColors(colors);
  const { plan, missing } = planned;
  const { attempt, input, location } = plan;
  const count = input.shards.length;
  const rows = [
    ['attempt', attempt.id],
    ['artefact', attempt.artefact],
    ['input', `${location}  ${dim(input.summary.fingerprint)}`],
    ['to score', missing.length === count ? `shards 0 to ${count - 1}` : `shards ${missing.join(', ')}`],
    ...input.summary.warnings.map((warning) => ['warning', warning]),
  ];
  return (
    `${green('✓')} ${bold(`${attempt.job} ${attempt.asOf}`)} planned in ${count} shards, ${count - missing.length} of them scored\n\n` +
    `${rows.map(([label, value]) => `  ${dim(label!.padEnd(12))} ${value}`).join('\n')}\n` +
    stepAfter(attempt.id, missing, colors)
  );
}

/** What became of a shard, for machines; always the same keys. */
export function shardJson({ outcome, attempt, status, shard, shards, missing, tally }: ShardReport) {
  const rows =
    tally === undefined ? null : { read: tally.read, scored: tally.scored, rejected: tally.rejected };
  const { attemptId, job, asOf } = attempt;
  return { outcome, attempt_id: attemptId, job, as_of: asOf, status, shard, shards, rows, missing };
}

export function renderShard(report: ShardReport, colors: boolean): string {
  const { bold, green, dim } = pc.createColors(colors);
  const { outcome, attempt, status, shard, shards, missing, tally } = report;
  const grouped = (value: number) => value.toLocaleString('en-US');
  const text = {
    committed: `committed: ${grouped(tally?.scored ?? 0)} rows scored, ${grouped(tally?.rejected ?? 0)} rejected`,
    present: 'was committed before; nothing to do',
    late: `is too late: the attempt is ${status}; nothing to do`,
  }[outcome];
  const mark = outcome === 'committed' ? green('✓') : dim('•');
  const heading = `${mark} ${bold(`${attempt.job} ${attempt.asOf}`)} shard ${shard} ${text}\n`;
  if (status !== 'open') return heading;
  return `${heading}  ${dim(`${shards - missing.length} of ${shards} shards are committed`)}\n${stepAfter(attempt.attemptId, missing, colors)}`;
}

function stepAfter(attemptId: string, [next]: readonly number[], colors: boolean): string {
  if (next === undefined) return nextStep(`predawn publish ${attemptId}`, colors);
  return nextStep(`predawn score --attempt ${attemptId} --shard ${next}`, colors);
}
