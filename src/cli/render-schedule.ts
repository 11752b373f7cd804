import { DateTime } from 'luxon';
import { nextTick } from '../schedule/calendar.js';
import type { PlannedJob } from '../schedule/planner.js';
import { renderTable } from './render-table.js';

/** Which jobs a scheduler runs, and when next. */
export function scheduleText(jobs: readonly PlannedJob[], now: Date, colors: boolean): string {
  const rows = jobs.map((job) => [
    job.name,
    DateTime.fromMillis(nextTick(job.calendar, now.getTime()), { zone: job.calendar.timezone }).toFormat(
      'ccc yyyy-MM-dd HH:mm',
    ),
    job.calendar.timezone,
    `${job.catchUpDays} days`,
  ]);
  return renderTable(['job', 'next', 'time zone', 'catches up'], rows, colors);
}

export function scheduleJson(jobs: readonly PlannedJob[], now: Date): Record<string, unknown> {
  return {
    jobs: jobs.map(({ name, calendar, catchUpDays }) => ({
      job: name,
      next: instant(nextTick(calendar, now.getTime())),
      timezone: calendar.timezone,
      catch_up_days: catchUpDays,
    })),
  };
}

function instant(time: number): string | null {
  return time === Infinity ? null : new Date(time).toISOString();
}
