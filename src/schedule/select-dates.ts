import type { LedgerDate } from '../domain/ledger.js';

/** Which dates of a range to run: those without a publication, those whose last attempt failed, or all. */
export type WhichDates = 'missing' | 'failed' | 'all';

/** @param known what the ledger has of them */
export function selectDates(
  dates: readonly string[],
  known: readonly LedgerDate[],
  which: WhichDates,
): readonly string[] {
  if (which === 'all') return dates;
  const byDate = new Map(known.map((date) => [date.asOf, date]));
  return dates.filter((asOf) => {
    const date = byDate.get(asOf);
    if (which === 'missing') return date?.current === undefined;
    // One that was killed is open until the next run of its date; one that is still running holds its lock.
    return date !== undefined && ['failed', 'open'].includes(date.newest.status);
  });
}
