import fc from 'fast-check';
import { createTask } from 'node-cron';
import { describe, expect, it } from 'vitest';
import { expectedDates, nextTick, openCalendar } from '../../src/schedule/calendar.js';

const iso = (times: readonly number[]) => times.map((time) => new Date(time).toISOString());

describe('a calendar', () => {
  it.each([
    ['0 6 * * *', 'Europe/London', '2026-11-25', ['2026-11-25T06:00:00.000Z']],
    ['0,30 6-7 * * *', 'America/New_York', '2026-11-25', ['11:00', '11:30', '12:00', '12:30']],
    ['0 6 * * 1-5', 'Europe/London', '2026-11-28', []],
    ['0 6 L * *', 'UTC', '2026-11-30', ['06:00']],
    ['0 6 * * 1#1', 'UTC', '2026-11-02', ['06:00']],
    ['@daily', 'Europe/London', '2026-07-01', ['2026-06-30T23:00:00.000Z']],
    // The clocks skip from 01:00 to 02:00, and show 01:30 twice in autumn.
    ['30 1 * * *', 'Europe/London', '2026-03-29', ['01:30']],
    ['30 1 * * *', 'Europe/London', '2026-10-25', ['00:30']],
    ['15 2 * * *', 'America/New_York', '2026-03-08', ['07:15']],
    ['0 0 * * *', 'America/Asuncion', '2024-10-06', ['04:00']],
  ])('%s in %s on %s', async (cron, timezone, day, times) => {
    const calendar = await openCalendar(cron, timezone);
    const expected = times.map((time) => (time.length > 5 ? time : `${day}T${time}:00.000Z`));
    expect(iso(calendar.ticksOn(day))).toEqual(expected);
  });

  it('has the ticks that node-cron has, and those besides that the clocks skip', async () => {
    const field = (most: number) => fc.oneof(fc.constant('*'), fc.integer({ min: 0, max: most }).map(String));
    const zones = fc.constantFrom('Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'UTC');
    const starts = fc.constantFrom('2026-03-08', '2026-03-29', '2026-04-05', '2026-06-10', '2026-10-25');
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 59 }),
        field(23),
        field(6),
        zones,
        starts,
        async (minute, hour, weekday, timezone, day) => {
          const cron = `${minute} ${hour} * * ${weekday}`;
          const calendar = await openCalendar(cron, timezone);
          const ticks = calendar.ticksOn(day);
          const task = createTask(cron, () => undefined, { timezone });
          void task.destroy();
          const middle = Date.parse(`${day}T12:00:00Z`);
          const matches: number[] = [];
          const local = new Intl.DateTimeFormat('en-CA', { timeZone: timezone });
          for (let time = middle - 36 * 3_600_000; time < middle + 36 * 3_600_000; time += 60_000)
            if (local.format(time) === day && task.match(new Date(time))) matches.push(time);
          // One that comes twice is there once.
          const wall = (time: number) => new Date(time).toLocaleTimeString('en-GB', { timeZone: timezone });
          const once = matches.filter(
            (time, index) => matches.findIndex((each) => wall(each) === wall(time)) === index,
          );
          expect(ticks).toEqual(expect.arrayContaining(once));
          expect(ticks.length - once.length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('asks for the day before each tick, once its time has come', async () => {
    const calendar = await openCalendar('0 6 * * 1-5', 'Europe/London');
    const dates = (now: string) => expectedDates(calendar, new Date(now), 7).map(({ asOf }) => asOf);
    expect(dates('2026-11-25T05:59:59Z')).toEqual(['2026-11-18', '2026-11-19', '2026-11-22', '2026-11-23']);
    expect(dates('2026-11-25T06:00:00Z').at(-1)).toBe('2026-11-24');
  });

  it('knows the next tick, however far away', async () => {
    const next = async (cron: string, timezone: string, after: string) => {
      const tick = nextTick(await openCalendar(cron, timezone), Date.parse(after));
      return tick === Infinity ? tick : new Date(tick).toISOString();
    };
    expect(await next('0 6 * * *', 'Europe/London', '2026-11-25T05:59:59Z')).toBe('2026-11-25T06:00:00.000Z');
    expect(await next('0 6 * * *', 'Europe/London', '2026-11-25T06:00:00Z')).toBe('2026-11-26T06:00:00.000Z');
    expect(await next('0 6 29 2 *', 'UTC', '2026-11-25T06:00:00Z')).toBe('2028-02-29T06:00:00.000Z');
    expect(await next('30 1 * * *', 'Europe/London', '2026-03-28T12:00:00Z')).toBe(
      '2026-03-29T01:30:00.000Z',
    );
  });
});
