import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { daysUpTo } from '../../src/domain/window.js';
import { openCalendar } from '../../src/schedule/calendar.js';
import type { PlannedJob } from '../../src/schedule/planner.js';
import { type Chance, Simulation } from './simulation.js';

const HOUR = 60;
const DAY = 24 * HOUR;
const DAYS = 9;
/** Without trouble, for what is left to be done. */
const CALM_DAYS = 2;

async function job(name: string, cron: string, timezone: string): Promise<PlannedJob> {
  const calendar = await openCalendar(cron, timezone);
  return { name, calendar, catchUpDays: 7, inputDeadline: 12 * 3_600_000 };
}

/** Times that the clocks skip in spring and show twice in autumn among them. */
const JOBS = [
  await job('london', '30 1 * * *', 'Europe/London'),
  await job('york', '30 1,2 * * *', 'America/New_York'),
  await job('howe', '15 2 * * *', 'Australia/Lord_Howe'),
  await job('weekdays', '0 6 * * 1-5', 'UTC'),
];
/** Nine days with two changes of clocks each: London and New York in autumn, London and Lord Howe in spring. */
const STARTS = ['2026-10-24T00:00:00Z', '2026-03-28T00:00:00Z'];
const CALM: Chance = { away: [], kills: [], runs: [], inputDelays: [], beats: [] };

const minutes = (most: number, least = 0) => fc.integer({ min: least, max: most });
const chances: fc.Arbitrary<Chance> = fc.record({
  away: fc.array(fc.record({ from: minutes(DAYS * DAY), minutes: minutes(10 * HOUR) }), { maxLength: 3 }),
  kills: fc.array(
    fc.record({ at: minutes(DAYS * DAY), minutes: minutes(14 * HOUR), takesRuns: fc.boolean() }),
    { maxLength: 8 },
  ),
  runs: fc.array(
    fc.record({
      minutes: minutes(3 * HOUR),
      how: fc.constantFrom('publishes', 'fails for now', 'dies before', 'dies after', 'finds bad data'),
    }),
    { maxLength: 40 },
  ),
  inputDelays: fc.array(minutes(11 * HOUR), { maxLength: 5 }),
  beats: fc.array(fc.oneof(fc.constant(1), minutes(4 * HOUR, 1)), { maxLength: 4 }),
});

/**
 * Every data date that must be there, by the calendar alone: every day, and for the weekdays' job those before a weekday;
 * from five days before the start, which are caught up, until a day before the calm days.
 */
function expected(start: string): string[] {
  const last = new Date(Date.parse(start) + (DAYS - 2) * DAY * 60_000).toISOString().slice(0, 10);
  const dates = daysUpTo(last, DAYS + 4, 'UTC');
  return JOBS.flatMap(({ name }) =>
    dates.map((asOf) => `${name} ${asOf}`).filter((key) => name !== 'weekdays' || !isWeekend(key)),
  );
}

describe('the scheduler', () => {
  it.each(STARTS)('publishes every date once, oldest first, when nothing goes wrong: %s', async (start) => {
    const week = new Simulation(JOBS, start, CALM);
    await week.play(DAYS);
    expect([...week.published.keys()].sort()).toEqual(expect.arrayContaining(expected(start)));
    expect([...week.published.values()].every((count) => count === 1)).toBe(true);
    expect(week.repeats).toEqual([]);
    for (const { name, calendar } of JOBS) {
      const started = week.started.filter((each) => each.job === name);
      expect(started.map(({ asOf }) => asOf)).toEqual(started.map(({ asOf }) => asOf).sort());
      // At its time, but for what was caught up at the start.
      for (const { asOf, at } of started.slice(7)) {
        const day = new Date(Date.parse(asOf) + DAY * 60_000).toISOString().slice(0, 10);
        expect(at - calendar.ticksOn(day)[0]!, `${name} ${asOf}`).toBeLessThanOrEqual(60_000);
      }
    }
  });

  it('publishes every date exactly once, whatever is killed, away, late or asleep when', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...STARTS), chances, async (start, chance) => {
        const week = new Simulation(JOBS, start, chance);
        await week.play(DAYS + CALM_DAYS);
        const missing = expected(start).filter((key) => !week.published.has(key));
        expect(missing).toEqual([]);
        const unexpected = [...week.published.keys()].filter((key) => /weekdays/.test(key) && isWeekend(key));
        expect(unexpected).toEqual([]);
        expect([...week.published].filter(([, count]) => count !== 1)).toEqual([]);
        expect(week.overlaps).toEqual([]);
        const isTold = chance.kills.length === 0 && chance.runs.every(({ how }) => how !== 'dies after');
        if (isTold) expect(week.repeats).toEqual([]);
      }),
      { numRuns: Number(process.env['PREDAWN_TEST_WEEKS'] ?? 30) },
    );
  }, 600_000);
});

/** Friday's and Saturday's data would be run on a Saturday and a Sunday. */
function isWeekend(key: string): boolean {
  return [5, 6].includes(new Date(key.slice(-10)).getUTCDay());
}
