import { FixedOffsetZone, IANAZone, type Zone } from 'luxon';
import { PredawnError } from './errors.js';
import { UTC } from './utc.js';

/** The instants of a data date, [from, to), as ISO 8601 in UTC. Lasts 24 h, or what a clock change makes of it. */
export interface DataWindow {
  readonly from: string;
  readonly to: string;
}

const DAY = 86_400_000;
const MINUTE = 60_000;

/**
 * The window of a calendar day in a time zone. It starts at the day's first midnight or, where the clocks skip
 * midnight, at the instant they do; it ends where the next day's starts, so that adjacent windows neither overlap
 * nor gap.
 *
 * @param asOf YYYY-MM-DD
 * @throws PredawnError kind `usage` for a day that the zone skipped (Pacific/Apia had no 2011-12-30); kind
 *   `configuration` for an unknown zone
 */
export function dataWindow(asOf: string, timezone: string): DataWindow {
  const zone = zoneOf(timezone);
  const day = Date.parse(`${asOf}T00:00:00Z`);
  const from = startOfDay(day, zone);
  const to = startOfDay(day + DAY, zone);
  if (from === to) {
    throw new PredawnError(
      'usage',
      'date.skipped',
      `There was no ${asOf} in ${timezone}: its clocks skipped that day.`,
      {
        hint: 'Ask for the day before or after.',
      },
    );
  }
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/** The last calendar day that is over in the zone, as YYYY-MM-DD. */
export function yesterday(now: Date, timezone: string): string {
  const zone = zoneOf(timezone);
  const today = Date.parse(`${localDate(now.getTime(), zone)}T00:00:00Z`);
  // Not the calendar day before: the zone may have skipped that.
  return localDate(startOfDay(today, zone) - 1, zone);
}

/** The calendar day it is in the zone, as YYYY-MM-DD. */
export function today(now: Date, timezone: string): string {
  return localDate(now.getTime(), zoneOf(timezone));
}

/** The calendar day before another, as YYYY-MM-DD: not by counting, for the zone may have skipped one. */
export function dayBefore(date: string, timezone: string): string {
  return daysUpTo(date, 2, timezone)[0]!;
}

/** The calendar day after another, as YYYY-MM-DD. */
export function dayAfter(date: string, timezone: string): string {
  return localDate(Date.parse(dataWindow(date, timezone).to), zoneOf(timezone));
}

/** The `count` calendar days in a zone up to `last`, ascending; days that the zone skipped are not among them. */
export function daysUpTo(last: string, count: number, timezone: string): string[] {
  const zone = zoneOf(timezone);
  const days = [last];
  while (days.length < count) {
    const first = Date.parse(`${days[0]!}T00:00:00Z`);
    days.unshift(localDate(startOfDay(first, zone) - 1, zone));
  }
  return days;
}

/** The calendar days in a zone from one to another, both included; days that the zone skipped are not among them. */
export function daysBetween(from: string, to: string, timezone: string): string[] {
  const zone = zoneOf(timezone);
  return datesBetween(from, to).filter((date) => {
    const day = Date.parse(`${date}T00:00:00Z`);
    return startOfDay(day, zone) !== startOfDay(day + DAY, zone);
  });
}

/** Whether the whole window of a data date is in the past. */
export function isOver(asOf: string, timezone: string, now: Date): boolean {
  return Date.parse(dataWindow(asOf, timezone).to) <= now.getTime();
}

/**
 * A data date as people type it: YYYY-MM-DD, a real day from 1900 on.
 *
 * @throws PredawnError kind `usage`
 */
export function parseDataDate(text: string): string {
  const time = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : NaN;
  // V8 reads February 30 as March 2.
  if (!Number.isNaN(time) && new Date(time).toISOString().startsWith(text) && text >= '1900') return text;
  throw new PredawnError('usage', 'date.invalid', `"${text}" is not a calendar day written as YYYY-MM-DD.`, {
    hint: 'Write year, month and day with hyphens, for example 2026-11-20.',
  });
}

/**
 * Every calendar day from one data date to another, both included.
 *
 * @throws PredawnError kind `usage` where they are in the wrong order
 */
export function datesBetween(from: string, to: string): readonly string[] {
  const [first, last] = [from, to].map((date) => Date.parse(`${date}T00:00:00Z`)) as [number, number];
  if (first > last) {
    throw new PredawnError('usage', 'date.order', `${from} is after ${to}.`, {
      hint: `Write the earlier date first: --from ${to} --to ${from}`,
    });
  }
  return Array.from({ length: (last - first) / DAY + 1 }, (_, day) =>
    new Date(first + day * DAY).toISOString().slice(0, 10),
  );
}

/** The first instant of a day, in milliseconds since 1970; `day` is the same day's midnight in UTC. */
function startOfDay(day: number, zone: Zone): number {
  const before = zone.offset(day - DAY) * MINUTE;
  const after = zone.offset(day + DAY) * MINUTE;
  const midnights = [day - before, day - after].filter((time) => time + zone.offset(time) * MINUTE === day);
  if (midnights.length > 0) return Math.min(...midnights);
  return firstInstantOf(day, zone, day - after, day - before);
}

/** Where the clocks jump over midnight: the instant of the jump, between `early` and `late`. */
function firstInstantOf(day: number, zone: Zone, early: number, late: number): number {
  while (late - early > 1) {
    const middle = Math.floor((early + late) / 2);
    if (middle + zone.offset(middle) * MINUTE >= day) late = middle;
    else early = middle;
  }
  return late;
}

function localDate(time: number, zone: Zone): string {
  return new Date(time + zone.offset(time) * MINUTE).toISOString().slice(0, 10);
}

function zoneOf(timezone: string): Zone {
  if (timezone === UTC) return FixedOffsetZone.utcInstance;
  const zone = IANAZone.create(timezone);
  // From version 24 on, Node.js takes offsets such as +01:00 for zones; they have no clock changes to follow.
  if (zone.isValid && /^[A-Za-z]/.test(timezone)) return zone;
  throw new PredawnError('configuration', 'timezone.unknown', `"${timezone}" is not an IANA time zone.`, {
    hint: 'Use a name such as Europe/London, America/New_York or UTC.',
  });
}
