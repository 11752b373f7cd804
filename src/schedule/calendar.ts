import { DateTime } from 'luxon';
import { dayAfter, dayBefore, daysUpTo, today } from '../domain/window.js';

/** When a cron expression fires, by calendar day in its time zone. */
export interface Calendar {
  readonly timezone: string;
  /** Milliseconds since 1970 of a day's ticks, ascending; none where the expression leaves the day out. */
  ticksOn(day: string): readonly number[];
}

/** A data date that a tick asks for: the day before the tick's, in the job's time zone. */
export interface ExpectedDate {
  /** YYYY-MM-DD. */
  readonly asOf: string;
  /** The calendar day after it, on which it is run. */
  readonly day: string;
  /** Milliseconds since 1970 of that day's ticks, ascending, at least one. */
  readonly ticks: readonly number[];
}

/**
 * The calendar of a cron expression that `node-cron` accepts. A time that the clocks skip on a day is there all the
 * same, by as much later as they skip, so that every day that the expression names has its ticks; one that
 * comes twice is there once.
 */
export async function openCalendar(cron: string, timezone: string): Promise<Calendar> {
  const { createTask, parse } = await import('node-cron');
  const { hour, minute } = parse(cron);
  // In UTC the wall clock is the clock, so a time of day can be matched without a thought for offsets.
  const task = createTask(cron, () => undefined, { timezone: 'UTC' });
  void task.destroy();
  const times = hour.flatMap((each) => minute.map((of) => ({ hour: each, minute: of })));
  const [first] = times;
  return withCache(timezone, (day) => {
    const at = (time: { hour: number; minute: number }) =>
      DateTime.fromISO(day, { zone: 'UTC' }).set(time).toJSDate();
    if (first === undefined || !task.match(at(first))) return [];
    return times.map((time) => wallClock(day, time, timezone));
  });
}

/** A calendar with one tick a day, at a time of day: for jobs that have no schedule. */
export function dailyCalendar(time: TimeOfDay, timezone: string): Calendar {
  return withCache(timezone, (day) => [wallClock(day, time, timezone)]);
}

export interface TimeOfDay {
  readonly hour: number;
  readonly minute: number;
}

/** The instant at which the clocks of a zone show a time on a day, in milliseconds since 1970. */
export function wallClock(day: string, time: TimeOfDay, timezone: string): number {
  return DateTime.fromISO(day, { zone: timezone }).set(time).toMillis();
}

/** The data dates that the last `days` calendar days ask for and whose first tick has come, ascending. */
export function expectedDates(calendar: Calendar, now: Date, days: number): readonly ExpectedDate[] {
  const { timezone } = calendar;
  return daysUpTo(today(now, timezone), days, timezone)
    .map((day) => ({ day, asOf: dayBefore(day, timezone), ticks: calendar.ticksOn(day) }))
    .filter(({ ticks }) => ticks.length > 0 && ticks[0]! <= now.getTime());
}

/** Leap days may be eight years apart. */
const MOST_DAYS_AHEAD = 9 * 366;

/** The first tick after a moment, both in milliseconds since 1970; Infinity where none comes in nine years. */
export function nextTick(calendar: Calendar, after: number): number {
  let day = today(new Date(after), calendar.timezone);
  for (let ahead = 0; ahead < MOST_DAYS_AHEAD; ahead++) {
    const next = calendar.ticksOn(day).find((tick) => tick > after);
    if (next !== undefined) return next;
    day = dayAfter(day, calendar.timezone);
  }
  return Infinity;
}

function withCache(timezone: string, ticksOf: (day: string) => number[]): Calendar {
  const known = new Map<string, readonly number[]>();
  return {
    timezone,
    ticksOn(day) {
      const ticks = known.get(day) ?? [...new Set(ticksOf(day))].sort((a, b) => a - b);
      known.set(day, ticks);
      return ticks;
    },
  };
}
