import type { LedgerDate } from '../domain/ledger.js';

/** Slices of the same weekday from which its rows are usual, and slices in a row from which those of any day are. */
const SAME_WEEKDAY = 4;
const IN_A_ROW = 3;
const NEIGHBOURS = 7;
const WEEK = 7 * 86_400_000;

/**
 * How many rows a slice usually has: the median of the same weekday in the weeks before, where there are four, since a
 * Sunday is not a Monday; else that of the last seven slices, where there are three.
 *
 * @returns undefined where there are too few to tell
 */
export function usualRows(asOf: string, known: readonly LedgerDate[]): number | undefined {
  const before = known.filter((date) => date.asOf < asOf && date.current !== undefined);
  const sameWeekday = before.filter((date) => (Date.parse(asOf) - Date.parse(date.asOf)) % WEEK === 0);
  if (sameWeekday.length >= SAME_WEEKDAY) return median(sameWeekday.map(rowsOf));
  return before.length < IN_A_ROW ? undefined : median(before.slice(-NEIGHBOURS).map(rowsOf));
}

function rowsOf({ current }: LedgerDate): number {
  return current!.receipt!.rows.scored;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
