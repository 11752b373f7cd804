import type { Reject } from '../domain/columns.js';
import type { OffendingRow } from '../domain/offending.js';
import { renderTable } from './render-table.js';

const GAPS = 6;
const SHORTEST = 20;

/** Rejected rows as a table; `width` in characters where lines are to fit a terminal, else undefined. */
export function renderRejects(
  rejects: readonly Reject[],
  width: number | undefined,
  colors: boolean,
): string {
  const facts = rejects.map(({ line, column, code }) => [
    line,
    column === undefined ? '' : shown(column),
    code,
  ]);
  const widest = ['line', 'column', 'reason'].map((head, index) =>
    facts.reduce((most, row) => Math.max(most, String(row[index]).length), head.length),
  );
  const room =
    width === undefined
      ? Infinity
      : Math.max(SHORTEST, width - GAPS - widest.reduce((sum, each) => sum + each));
  return renderTable(
    ['line', 'column', 'reason', 'raw text'],
    rejects.map(({ raw }, row) => [...facts[row]!, cut(shown(raw), room)]),
    colors,
  );
}

/** Rows that gates object to, in the same way. */
export function renderOffending(
  rows: readonly OffendingRow[],
  width: number | undefined,
  colors: boolean,
): string {
  const facts = rows.map(({ gate, subject, key }) => [gate, shown(subject), shown(key)]);
  const used = [0, 1, 2].reduce((sum, at) => sum + Math.max(5, ...facts.map((row) => row[at]!.length)), 0);
  const room = width === undefined ? Infinity : Math.max(SHORTEST, width - GAPS - used);
  const table = rows.map(({ row }, at) => [...facts[at]!, cut(shown(row), room)]);
  return renderTable(['gate', 'column or check', 'key', 'value or row'], table, colors);
}

/** Input is not trusted: what would steer a terminal, or break the table, is written as an escape. */
function shown(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0)!;
    const escape = { 9: '\\t', 10: '\\n', 13: '\\r' }[code];
    return escape ?? `\\u{${code.toString(16)}}`;
  });
}

function cut(text: string, room: number): string {
  if (text.length <= room) return text;
  return `${Array.from(text)
    .slice(0, room - 1)
    .join('')}…`;
}
