import type { Attempt } from '../domain/publication.js';
import type { Receipt } from '../domain/receipt.js';
import type { SliceHistory, SliceMove } from '../domain/slice-move.js';
import type { AttemptRecord } from './attempt-record.js';

/** A move to an attempt, in that attempt's record. */
export interface RecordedMove extends SliceMove {
  /** Counts the publications of a date from 1. */
  readonly publication: number;
}

/** A move that may be under way: the digest of the slice's file says whether it was made. */
export interface PendingMove {
  readonly move: RecordedMove;
  readonly receipt: Receipt;
}

/** The number of a date's next publication. */
export function nextPublication(records: readonly AttemptRecord[]): number {
  return Math.max(0, ...records.map(({ publication }) => publication ?? 0)) + 1;
}

/** The move that an attempt makes by publishing itself. */
export function firstMove(
  { id, by }: Pick<Attempt, 'id' | 'by'>,
  from: string | undefined,
  publication: number,
  at: Date,
): RecordedMove {
  return { action: 'publish', from, to: id, by, reason: undefined, at: at.toISOString(), publication };
}

/** The record of an attempt that a pending move has made the slice's. */
export function movedRecord({ pending, ...record }: AttemptRecord): AttemptRecord {
  if (pending === undefined) throw new TypeError('no move is pending');
  const { move, receipt } = pending;
  return {
    ...record,
    status: 'published',
    publication: move.publication,
    receipt,
    moves: [...movesTo({ ...record, pending }), move],
  };
}

/** The same where it was not made. */
export function unmovedRecord(record: AttemptRecord): AttemptRecord {
  return { ...record, pending: undefined };
}

/** The moves of a date, oldest first. */
export function movesOf(records: readonly AttemptRecord[]): readonly SliceMove[] {
  const numbered = records.flatMap(movesTo).sort((a, b) => a.publication - b.publication);
  return numbered.map((move, index) => ({
    ...withoutNumber(move),
    from: move.from ?? numbered[index - 1]?.to,
  }));
}

/** The moves to one attempt, oldest first: what a record of an earlier version does not have is made up for. */
export function movesTo(record: AttemptRecord): readonly RecordedMove[] {
  const { status, moves, attemptId, publication, finishedAt, startedAt } = record;
  if (status === 'publishing') return [];
  if (moves !== undefined || status !== 'published') return moves ?? [];
  const at = finishedAt ?? startedAt;
  return [
    {
      action: 'publish',
      from: undefined,
      to: attemptId,
      by: 'unknown',
      reason: undefined,
      at,
      publication: publication!,
    },
  ];
}

export function withoutNumber({ action, from, to, by, reason, at }: RecordedMove): SliceMove {
  return { action, from, to, by, reason, at };
}

/** A date's records as `chooseAttempt` takes them; `kept` are the attempts that have a file of their own. */
export function historyOf(records: readonly AttemptRecord[], kept: ReadonlySet<string>): SliceHistory {
  const moves = movesOf(records);
  return {
    attempts: records.map(({ attemptId, artefact, status, startedAt }) => ({
      attemptId,
      artefact,
      status: status === 'publishing' ? 'open' : status,
      startedAt,
      rowsKept: kept.has(attemptId),
    })),
    moves,
    current: moves.at(-1)?.to,
  };
}
