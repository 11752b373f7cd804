import { DateTime } from 'luxon';
import type { LedgerDate } from '../domain/ledger.js';
import { dayAfter } from '../domain/window.js';
import { type Calendar, type ExpectedDate, expectedDates, type TimeOfDay, wallClock } from './calendar.js';
import { usualRows } from './usual-rows.js';

const HOUR = 3_600_000;
/** Calendar days that are looked back: five weeks, for the same weekday; and a month for a monthly job. */
export const DAYS_BACK = 36;

/** What a check asks of the newest slice that should be there. */
export interface CheckRules {
  /** Time of day in the job's zone by which it should be; undefined: an hour after the day's last tick. */
  readonly by: TimeOfDay | undefined;
  /** Fewest rows, as a share of what is usual. */
  readonly smallestShare: number;
}

/**
 * `missing`: no attempt of it is in the ledger. `running`: it has an attempt that is open, still or because it was
 * killed. `stale`: its rows are of an input that was not whole, or of another date's. `small`: far fewer rows than usual.
 */
export type SliceState = 'ok' | 'missing' | 'running' | 'failed' | 'staged' | 'stale' | 'small';

export interface SliceCheck {
  readonly job: string;
  /** Undefined where nothing was due in the last five weeks. */
  readonly asOf: string | undefined;
  readonly state: SliceState;
  /** What was found, without the job's name and the date. */
  readonly finding: string;
  /** What to do about it. */
  readonly hint: string | undefined;
  readonly rows: number | undefined;
  /** What is usual; undefined where there are too few slices to tell. */
  readonly usualRows: number | undefined;
  /** ISO 8601, UTC: when it had to be there. */
  readonly deadline: string | undefined;
}

/** The newest data date whose deadline is over, with that deadline in milliseconds since 1970. */
export function newestDue(
  calendar: Calendar,
  now: Date,
  by: TimeOfDay | undefined,
): { date: ExpectedDate; deadline: number } | undefined {
  return expectedDates(calendar, now, DAYS_BACK)
    .map((date) => ({ date, deadline: deadlineOf(date, calendar.timezone, by) }))
    .filter(({ deadline }) => deadline <= now.getTime())
    .at(-1);
}

/** The first time `by` comes after the day's first tick: by 07:00 a job of 08:00 has until the next morning. */
function deadlineOf({ day, ticks }: ExpectedDate, timezone: string, by: TimeOfDay | undefined): number {
  if (by === undefined) return ticks.at(-1)! + HOUR;
  const sameDay = wallClock(day, by, timezone);
  return sameDay > ticks[0]! ? sameDay : wallClock(dayAfter(day, timezone), by, timezone);
}

/**
 * Judges the newest slice of a job that should be there.
 *
 * @param known what the ledger has of the last `DAYS_BACK` days
 */
export function checkSlice(
  job: string,
  calendar: Calendar,
  known: readonly LedgerDate[],
  now: Date,
  rules: CheckRules,
): SliceCheck {
  const due = newestDue(calendar, now, rules.by);
  const nothing = { rows: undefined, usualRows: undefined, hint: undefined };
  if (due === undefined)
    return {
      ...nothing,
      job,
      asOf: undefined,
      state: 'ok',
      finding: 'nothing is due yet',
      deadline: undefined,
    };
  const { asOf } = due.date;
  const deadline = new Date(due.deadline).toISOString();
  const date = known.find((each) => each.asOf === asOf);
  if (date?.current === undefined) {
    const late = `at ${clock(due.deadline, calendar.timezone)} ${calendar.timezone}`;
    return { ...nothing, job, asOf, deadline, ...absent(job, asOf, date, late) };
  }

  const rows = date.current.receipt!.rows.scored;
  const usual = usualRows(asOf, known);
  const found = { job, asOf, deadline, rows, usualRows: usual };
  const stale = staleness(date, known);
  if (stale !== undefined)
    return { ...found, state: 'stale', finding: `is published, but ${stale}`, hint: runAgain(job, asOf) };
  if (usual !== undefined && rows < usual * rules.smallestShare) {
    return {
      ...found,
      state: 'small',
      finding: `is published with ${count(rows)} rows, ${Math.round((100 * rows) / usual)}% of the usual ${count(usual)}`,
      hint: `Was its input whole? When it is: ${runAgain(job, asOf)}`,
    };
  }
  const usually = usual === undefined ? '' : ` (usually ${count(usual)})`;
  return { ...found, state: 'ok', finding: `is published, ${count(rows)} rows${usually}`, hint: undefined };
}

function absent(
  job: string,
  asOf: string,
  date: LedgerDate | undefined,
  late: string,
): Pick<SliceCheck, 'state' | 'finding' | 'hint'> {
  if (date === undefined) {
    return {
      state: 'missing',
      finding: `is missing ${late}: no run of it reached the ledger`,
      hint: `It was not started, or ended before it had model and input. ${runAgain(job, asOf)}`,
    };
  }
  const { status, attemptId, startedAt, error } = date.newest;
  if (status === 'open') {
    const since = `${startedAt.slice(0, 16).replace('T', ' ')} UTC`;
    return {
      state: 'running',
      finding: `is not published ${late}: its run began at ${since} and is still going, or was killed`,
      hint: `The next run of the date tells which: ${runAgain(job, asOf)}`,
    };
  }
  if (status === 'staged') {
    return {
      state: 'staged',
      finding: `is not published ${late}: its rows are staged`,
      hint: `predawn publish ${attemptId}`,
    };
  }
  const why = error === undefined ? status : `${error.code}: ${error.message.split('\n')[0]!}`;
  return {
    state: 'failed',
    finding: `is not published ${late}: it failed with ${why}`,
    hint: `predawn show ${attemptId}`,
  };
}

/** Why the rows of a slice may not be those of its day. */
function staleness({ asOf, current }: LedgerDate, known: readonly LedgerDate[]): string | undefined {
  const { startedAt, receipt } = current!;
  if (Date.parse(startedAt) < Date.parse(receipt!.window.to)) return 'its run began before the day was over';
  const { fingerprint } = receipt!.input;
  const twin =
    fingerprint === undefined
      ? undefined
      : known.find((other) => other.asOf < asOf && other.current?.receipt?.input.fingerprint === fingerprint);
  return twin && `its input is byte for byte that of ${twin.asOf}`;
}

function runAgain(job: string, asOf: string): string {
  return `predawn run ${job} --date ${asOf}`;
}

function clock(time: number, timezone: string): string {
  return DateTime.fromMillis(time, { zone: timezone }).toFormat('HH:mm');
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
