import type { SliceMove } from '../domain/slice-move.js';
import { renderTable } from './render-table.js';

const DONE = {
  publish: 'published',
  'publish-staged': 'published (staged before)',
  restore: 'restored',
} as const;

/** One move as a sentence. */
export function moveText({ action, from, by, reason, at }: SliceMove): string {
  const instead = from === undefined ? '' : ` in place of ${from}`;
  return `${DONE[action]} ${shownTime(at)} UTC by ${by}${instead}${reason === undefined ? '' : `: ${reason}`}`;
}

/** A move of one job and date. */
export interface DatedMove {
  readonly job: string;
  readonly asOf: string;
  readonly move: SliceMove;
}

/** The moves that people made, newest first; nothing where there are none. */
export function handMovesTable(moves: readonly DatedMove[], colors: boolean): string {
  const made = moves
    .filter(({ move }) => move.action !== 'publish')
    .sort((a, b) => (a.move.at < b.move.at ? 1 : -1));
  if (made.length === 0) return '';
  const rows = made.map(({ job, asOf, move }) => [
    shownTime(move.at),
    job,
    asOf,
    DONE[move.action],
    shortId(move.to),
    move.from === undefined ? '' : shortId(move.from),
    move.by,
    move.reason ?? '',
  ]);
  const head = ['moved (UTC)', 'job', 'as_of', 'how', 'to attempt', 'in place of', 'by', 'reason'];
  return `\n${renderTable(head, rows, colors)}`;
}

/** The time part of a UUIDv7, which no two attempts of a person share. */
export function shortId(attemptId: string): string {
  return attemptId.slice(0, 13);
}

export function shownTime(iso: string): string {
  return iso.slice(0, 19).replace('T', ' ');
}
