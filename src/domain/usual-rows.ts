import type { LedgerDate } from './ledger.js';

const WEEK = 7 * 86_400_000;

/** Slices of the same weekday from which its rows are usual. */
export const SAME_WEEKDAY = 4;

/** The published dates among `known` before `asOf` that are the same weekday, in their order. */
export function sameWeekday(asOf: string, known: readonly LedgerDate[]): readonly LedgerDate[] {
  return publishedBefore(asOf, known).filter(
    (date) => (Date.parse(asOf) - Date.parse(date.asOf)) % WEEK === 0,
  );
}

export function publishedBefore(asOf: string, known: readonly LedgerDate[]): readonly LedgerDate[] {
  return known.filter((date) => date.asOf < asOf && date.current?.receipt !== undefined);
}

/** The median number of rows of published dates, of which there is one at least. */
export function medianRows(dates: readonly LedgerDate[]): number {
  const sorted = dates.map(({ current }) => current!.receipt!.rows.scored).sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
