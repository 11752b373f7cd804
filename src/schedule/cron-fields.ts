import { PredawnError } from '../domain/errors.js';

/** What a cron expression names, each ascending; undefined where it names all. */
export interface CronFields {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[] | undefined;
  readonly months: readonly number[] | undefined;
  /** 0 is Sunday. */
  readonly weekdays: readonly number[] | undefined;
}

/**
 * Reads a cron expression that `node-cron` accepts, for schedulers that write it otherwise.
 *
 * @throws PredawnError kind `configuration` for what only some schedulers know: L, W and #
 */
export async function readCronFields(cron: string, job: string): Promise<CronFields> {
  const { parse } = await import('node-cron');
  const { minute, hour, dayOfMonth, month, dayOfWeek } = parse(cron);
  const plain = (values: readonly (number | string)[]): readonly number[] => {
    if (values.every((value) => typeof value === 'number')) return [...new Set(values)].sort((a, b) => a - b);
    throw new PredawnError(
      'configuration',
      'schedule.portable',
      `The schedule of ${job}, "${cron}", uses L, W or #, which other schedulers don't know.`,
      { hint: 'Run it with "predawn schedule", or name the days.' },
    );
  };
  const unlessAll = (values: readonly (number | string)[], count: number) => {
    const found = plain(values);
    return found.length === count ? undefined : found;
  };
  return {
    minutes: plain(minute),
    hours: plain(hour),
    daysOfMonth: unlessAll(dayOfMonth, 31),
    months: unlessAll(month, 12),
    weekdays: unlessAll(dayOfWeek, 7),
  };
}

/** As the five fields that every cron understands: no names, no ranges that wrap. */
export function cronText({ minutes, hours, daysOfMonth, months, weekdays }: CronFields): string {
  const all = (values: readonly number[], count: number) => (values.length === count ? '*' : ranges(values));
  const some = (values: readonly number[] | undefined) => (values === undefined ? '*' : ranges(values));
  return [all(minutes, 60), all(hours, 24), some(daysOfMonth), some(months), some(weekdays)].join(' ');
}

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** As systemd.time(7) has it: `Mon,Tue *-*-* 06:00:00 Europe/London`. */
export function onCalendarText(
  { minutes, hours, daysOfMonth, months, weekdays }: CronFields,
  timezone: string,
): string {
  const list = (values: readonly number[] | undefined) =>
    values === undefined ? '*' : values.map((value) => String(value).padStart(2, '0')).join(',');
  const days = weekdays === undefined ? '' : `${weekdays.map((day) => WEEKDAYS[day]!).join(',')} `;
  const time = `${list(hours.length === 24 ? undefined : hours)}:${list(minutes.length === 60 ? undefined : minutes)}:00`;
  return `${days}*-${list(months)}-${list(daysOfMonth)} ${time} ${timezone}`;
}

/** `0,30`, `6-9`: three or more in a row as a range. */
function ranges(values: readonly number[]): string {
  const parts: string[] = [];
  for (let start = 0; start < values.length;) {
    let end = start;
    while (values[end + 1] === values[end]! + 1) end++;
    if (end - start >= 2) parts.push(`${values[start]!}-${values[end]!}`);
    else parts.push(...values.slice(start, end + 1).map(String));
    start = end + 1;
  }
  return parts.join(',');
}
