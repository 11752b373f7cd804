import path from 'node:path';
import pc from 'picocolors';
import type { Receipt } from '../domain/receipt.js';
import { rolloutRows } from './render-rollout.js';

const OUTCOMES = {
  published: 'published',
  staged: 'staged beside the slice, not published',
  unchanged: 'already published: same input, artefact and job file; nothing to do',
  'dry-run': 'scored and gated, not published',
} as const;

/** The receipt as a person reads it at the end of a run. */
export function renderReceipt(receipt: Receipt, cwd: string, colors: boolean): string {
  const { bold, green, yellow, dim } = pc.createColors(colors);
  const mark = ['published', 'staged'].includes(receipt.outcome) ? green('✓') : dim('•');
  const lines = [
    `${mark} ${bold(`${receipt.job} ${receipt.as_of}`)} ${OUTCOMES[receipt.outcome]}`,
    '',
    row('rows', rowsText(receipt)),
    row('changes', changesText(receipt)),
    row('in place of', receipt.replaced_attempt_id),
    row('artefact', `${receipt.artefact.name}@${receipt.artefact.version}  ${dim(receipt.artefact.digest)}`),
    ...(receipt.rollout === undefined
      ? []
      : rolloutRows(receipt.artefact.name, receipt.rollout, (location) => shortPath(location, cwd)).map(
          ([label, text]) => row(label, text),
        )),
    row('environment', receipt.environment),
    row('shards', receipt.shards === undefined ? undefined : String(receipt.shards)),
    row('window', windowText(receipt)),
    row('input', located(receipt.input.location, receipt.input.fingerprint)),
    row('output', located(receipt.output.location, receipt.output.digest)),
    row('columns', receipt.output.columns.join(', ')),
    row('replayed', located(receipt.replay?.file, receipt.replay?.fingerprint)),
    row('rejects', located(receipt.rejects_location, undefined)),
    row('not used', receipt.unused_columns.length > 0 ? receipt.unused_columns.join(', ') : undefined),
    row('attempt', attemptText(receipt)),
    row('gates', gatesText(receipt)),
    ...receipt.warnings.map((warning) => row('warning', yellow(warning))),
  ];
  if (receipt.how_to_look !== undefined) lines.push('', `  Look at it: ${bold(receipt.how_to_look)}`);
  return `${lines.filter((line) => line !== undefined).join('\n')}\n`;

  function row(label: string, value: string | undefined): string | undefined {
    return value === undefined ? undefined : `  ${dim(label.padEnd(12))} ${value}`;
  }
  function located(location: string | undefined, digest: string | undefined): string | undefined {
    if (location === undefined) return undefined;
    const shown = shortPath(location, cwd);
    return digest === undefined ? shown : `${shown}  ${dim(digest)}`;
  }
}

/** Relative to where the reader is, for a file beneath it. */
function shortPath(location: string, cwd: string): string {
  return location.startsWith(`${cwd}${path.sep}`) ? path.relative(cwd, location) : location;
}

function rowsText({ rows, rejects }: Receipt): string {
  const reasons = Object.entries(rejects).map(([code, count]) => `${count} ${code}`);
  const why = reasons.length > 0 ? ` (${reasons.join(', ')})` : '';
  return `${grouped(rows.read)} read = ${grouped(rows.scored)} scored + ${grouped(rows.rejected)} rejected${why}`;
}

function changesText({ changes }: Receipt): string | undefined {
  if (changes === undefined) return undefined;
  return `${grouped(changes.inserted)} inserted, ${grouped(changes.updated)} updated, ${grouped(changes.deleted)} deleted`;
}

function windowText({ window, timezone }: Receipt): string {
  const hours = (Date.parse(window.to) - Date.parse(window.from)) / 3_600_000;
  return `[${window.from}, ${window.to})  ${hours} h in ${timezone}`;
}

function attemptText(receipt: Receipt): string {
  const { attempt_id, published_attempt_id, seconds, rows } = receipt;
  const rate =
    seconds > 0 && receipt.outcome !== 'unchanged'
      ? `, ${grouped(Math.round(rows.read / seconds))} rows/s`
      : '';
  const earlier =
    receipt.outcome === 'unchanged' ? `; the slice is attempt ${published_attempt_id ?? '?'}` : '';
  return `${attempt_id}  ${seconds.toFixed(2)} s${rate}${earlier}`;
}

/** Those that warned or were accepted are among the warnings. */
function gatesText({ gates = [] }: Receipt): string | undefined {
  if (gates.length === 0) return undefined;
  const told = ({ gate, status, detail }: (typeof gates)[number]) =>
    status === 'undecided' ? `${gate} undecided: ${detail}` : `${gate} ${status}`;
  return gates.map(told).join('; ');
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
