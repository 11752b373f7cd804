import pc from 'picocolors';
import type { ColumnComparison } from '../domain/comparison.js';
import type { RunComparison } from '../domain/receipt.js';
import { renderTable } from './render-table.js';

/** How a run differs from the slice, under its receipt. */
export function renderComparison(comparison: RunComparison, colors: boolean): string {
  const { bold } = pc.createColors(colors);
  const { rows, slice_attempt_id, identical, causes, columns } = comparison;
  if (rows === undefined) return `\n${bold('The date has no slice')}: there is nothing to compare with.\n`;
  const count = (value: number) => value.toLocaleString('en-US');
  const heading = identical
    ? `${bold('Identical')} to the slice (attempt ${slice_attempt_id ?? '?'}): ${count(rows.slice)} rows.`
    : `${bold('Different')} from the slice (attempt ${slice_attempt_id ?? '?'}): ${count(rows.changed)} rows changed, ${count(rows.only_new)} only new, ${count(rows.only_slice)} only in the slice; ${count(rows.new)} rows against ${count(rows.slice)}.`;
  return `\n${heading}\n\n${causesText(comparison, colors)}${columns
    .filter(({ changed }) => changed > 0)
    .map((column) => columnText(column, colors))
    .join('')}`;

  function causesText({ identical: same }: RunComparison, useColors: boolean): string {
    if (causes.length > 0) {
      return renderTable(
        ['what changed', 'the slice’s', 'this run’s'],
        causes.map(({ what, was, is }) => [what, was, is]),
        useColors,
      );
    }
    const nothing = '  Input, artefact, job file and runtime are the same';
    return same ? `${nothing}.\n` : `${nothing}: others may have changed rows of the slice.\n`;
  }
}

function columnText({ column, changed, largest }: ColumnComparison, colors: boolean): string {
  const { bold } = pc.createColors(colors);
  const more = changed > largest.length ? `; the ${largest.length} largest` : '';
  const numbers = largest.some(({ difference }) => difference !== undefined);
  const rows = largest.map(({ key, was, is, difference }) => [
    key,
    was ?? 'NULL',
    is ?? 'NULL',
    ...(numbers ? [difference === undefined ? '' : signed(difference)] : []),
  ]);
  const head = ['key', 'slice', 'this run', ...(numbers ? ['difference'] : [])];
  return `\n${bold(column)}: ${changed.toLocaleString('en-US')} changed${more}\n${renderTable(head, rows, colors)}`;
}

function signed(value: number): string {
  const text = String(Number(value.toPrecision(6)));
  return value > 0 ? `+${text}` : text;
}
