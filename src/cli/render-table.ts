import Table from 'cli-table3';
import pc from 'picocolors';

const NO_BORDER = '';
const NO_BORDERS = {
  top: NO_BORDER,
  'top-mid': NO_BORDER,
  'top-left': NO_BORDER,
  'top-right': NO_BORDER,
  bottom: NO_BORDER,
  'bottom-mid': NO_BORDER,
  'bottom-left': NO_BORDER,
  'bottom-right': NO_BORDER,
  left: NO_BORDER,
  'left-mid': NO_BORDER,
  mid: NO_BORDER,
  'mid-mid': NO_BORDER,
  right: NO_BORDER,
  'right-mid': NO_BORDER,
  middle: '  ',
};

/** Columns under dimmed headings, without borders. */
export function renderTable(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  colors: boolean,
): string {
  const { dim } = pc.createColors(colors);
  const table = new Table({
    head: head.map((text) => dim(text)),
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0, compact: true },
    colAligns: head.map((_, column) =>
      rows.every((row) => typeof row[column] === 'number') ? 'right' : 'left',
    ),
  });
  table.push(...rows.map((row) => [...row]));
  return `${table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')}\n`;
}
