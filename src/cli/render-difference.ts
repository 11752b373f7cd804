import pc from 'picocolors';
import type { ManifestDifference, VersionDifference } from '../run/diff-versions.js';
import type { GoldenDifference } from '../run/golden-difference.js';
import { renderTable } from './render-table.js';

/** How two versions differ, as a person reads it. */
export function renderDifference(difference: VersionDifference, colors: boolean): string {
  const { bold, dim } = pc.createColors(colors);
  const { model, from, to, same_model, signature, manifest, scores } = difference;
  const names = [`${model}@${from.version}`, `${model}@${to.version}`] as const;
  const section = (title: string, body: string) => `\n${bold(title)}\n${indent(body)}`;
  return [
    `${bold(names[0])}  ${dim(from.digest)}\n${bold(names[1])}  ${dim(to.digest)}\n`,
    same_model ? 'The model is the very same.\n' : '',
    section('Signature', factsText(signature, names, 'Both take and give the same.\n', colors)),
    section('Manifest', factsText(manifest, names, 'No difference.\n', colors)),
    ...(scores.length === 0
      ? [section('Scores', 'Neither has golden rows to compare the scores of.\n')]
      : scores.map((golden) =>
          section(
            `Scores for the ${golden.rows} golden rows of ${model}@${golden.rows_of}`,
            goldenText(golden, names, colors),
          ),
        )),
  ].join('');
}

function factsText(
  facts: readonly ManifestDifference[],
  names: readonly [string, string],
  none: string,
  colors: boolean,
): string {
  if (facts.length === 0) return none;
  return renderTable(
    ['', ...names],
    facts.map(({ what, from, to }) => [what, from ?? '–', to ?? '–']),
    colors,
  );
}

function goldenText(golden: GoldenDifference, names: readonly [string, string], colors: boolean): string {
  const { not_compared, columns, farthest, rows } = golden;
  if (not_compared !== null) return `Not compared: ${not_compared}.\n`;
  const table = renderTable(
    ['output', 'rows that differ', 'largest difference', 'median'],
    columns.map(({ column, changed, largest, median }) => [
      column,
      `${changed} of ${rows}`,
      largest === null ? '–' : digits(largest),
      median === null ? '–' : digits(median),
    ]),
    colors,
  );
  if (farthest.length === 0) return table;
  const rowsTable = renderTable(
    ['farthest apart', 'key', 'output', ...names],
    farthest.map(({ row, key, column, from, to }) => [`row ${row}`, key, column, digits(from), digits(to)]),
    colors,
  );
  return `${table}\n${rowsTable}`;
}

function digits(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
