import type { LedgerDate } from '../domain/ledger.js';
import { yesterday } from '../domain/window.js';
import type { Calendar } from './calendar.js';
import { dayAfter } from '../domain/window.js';
import { type DateState, dateState } from './date-state.js';

/** One data date of a job for a table of jobs and dates. */
export interface JobDate {
  readonly asOf: string;
  readonly state: DateState;
  /** What the ledger has of it. */
  readonly date: LedgerDate | undefined;
}

/**
 * The state of data dates of a job.
 *
 * @param calendar undefined for a job without a schedule: then no date is due
 */
export function jobDates(
  dates: readonly string[],
  known: readonly LedgerDate[],
  timezone: string,
  calendar: Calendar | undefined,
  now: Date,
): readonly JobDate[] {
  const last = yesterday(now, timezone);
  return dates.map((asOf) => {
    const date = known.find((each) => each.asOf === asOf);
    const first = calendar?.ticksOn(dayAfter(asOf, timezone))[0];
    const due = first === undefined ? 'never' : asOf <= last && first <= now.getTime() ? 'past' : 'later';
    return { asOf, date, state: dateState(date, due) };
  });
}
