import type { LedgerDate } from '../domain/ledger.js';
import { medianRows, publishedBefore, SAME_WEEKDAY, sameWeekday } from '../domain/usual-rows.js';

/** Slices in a row from which the rows of any day are usual. */
const IN_A_ROW = 3;
const NEIGHBOURS = 7;

/**
 * How many rows a slice usually has: the median of the same weekday in the weeks before, where there are four, since a
 * Sunday is not a Monday; else that of the last seven slices, where there are three.
 *
 * @returns undefined where there are too few to tell
 */
export function usualRows(asOf: string, known: readonly LedgerDate[]): number | undefined {
  const weekday = sameWeekday(asOf, known);
  if (weekday.length >= SAME_WEEKDAY) return medianRows(weekday);
  const before = publishedBefore(asOf, known);
  return before.length < IN_A_ROW ? undefined : medianRows(before.slice(-NEIGHBOURS));
}
