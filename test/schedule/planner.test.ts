import { describe, expect, it } from 'vitest';
import { openCalendar } from '../../src/schedule/calendar.js';
import {
  type JobPlan,
  NEW_PLAN,
  nextDate,
  type PlannedJob,
  type RunOutcome,
  wantsLedger,
  withEnded,
  withLedger,
  withoutLedger,
  withStarted,
} from '../../src/schedule/planner.js';

const job: PlannedJob = {
  name: 'churn',
  calendar: await openCalendar('0 6 * * *', 'UTC'),
  catchUpDays: 3,
  inputDeadline: 12 * 3_600_000,
};
const at = (time: string) => new Date(`2026-11-25T${time}:00Z`);
const OLDEST = '2026-11-22';
const NEWEST = '2026-11-24';

const asked = (published: string[] = [], now = at('06:00')) =>
  withLedger(job, NEW_PLAN, new Set(published), now);
const next = (plan: JobPlan, time: string) => nextDate(plan, at(time))?.asOf;

/** Runs a date that ends with an outcome. */
function ran(plan: JobPlan, asOf: string, outcome: RunOutcome, time: string): JobPlan {
  return withEnded(job, withStarted(plan, asOf), asOf, outcome, at(time));
}

describe('the ledger', () => {
  it('is asked at the start and at every tick, and not in between', () => {
    expect(wantsLedger(NEW_PLAN, at('03:00'))).toBe(true);
    const plan = asked([], at('05:00'));
    expect(wantsLedger(plan, at('05:59'))).toBe(false);
    expect(wantsLedger(plan, at('06:00'))).toBe(true);
    expect(wantsLedger(asked(), at('23:59'))).toBe(false);
  });

  it('is asked again a minute later where it was away, and keeps what was known', () => {
    const plan = withoutLedger(asked([NEWEST]), at('06:00'));
    expect(wantsLedger({ ...plan, nextTick: undefined }, at('06:00'))).toBe(false);
    expect(wantsLedger({ ...plan, nextTick: undefined }, at('06:01'))).toBe(true);
    expect(plan.pending).toHaveLength(2);
  });

  it('says what is to be run: what is not published, as far back as the job catches up', () => {
    expect(asked().pending.map(({ asOf }) => asOf)).toEqual([OLDEST, '2026-11-23', NEWEST]);
    expect(asked(['2026-11-23']).pending.map(({ asOf }) => asOf)).toEqual([OLDEST, NEWEST]);
    expect(asked([], at('05:59')).pending.map(({ asOf }) => asOf)).toEqual([OLDEST, '2026-11-23']);
  });
});

describe('the next run', () => {
  it('is of the oldest date, and there is one at a time', () => {
    const plan = asked();
    expect(next(plan, '06:00')).toBe(OLDEST);
    expect(next(withStarted(plan, OLDEST), '06:00')).toBeUndefined();
    expect(next(ran(plan, OLDEST, 'published', '06:01'), '06:01')).toBe('2026-11-23');
  });

  it('waits longer after every failure that a retry mends, up to half an hour, and newer dates wait with it', () => {
    let plan = asked();
    let now = at('06:00').getTime();
    const pauses: number[] = [];
    for (let failure = 0; failure < 7; failure++) {
      plan = withEnded(job, withStarted(plan, OLDEST), OLDEST, 'retry', new Date(now));
      const start = now;
      while (nextDate(plan, new Date(now)) === undefined) now += 60_000;
      expect(nextDate(plan, new Date(now))!.asOf).toBe(OLDEST);
      pauses.push((now - start) / 60_000);
    }
    expect(pauses).toEqual([1, 2, 4, 8, 16, 30, 30]);
  });

  it('of a date without input comes every five minutes until its deadline, and newer dates go before', () => {
    let plan = asked(['2026-11-22', '2026-11-23']);
    plan = ran(plan, NEWEST, 'input', '06:01');
    expect(next(plan, '06:05')).toBeUndefined();
    expect(next(plan, '06:06')).toBe(NEWEST);
    expect(next(ran(plan, NEWEST, 'input', '17:55'), '18:00')).toBe(NEWEST);
    plan = ran(plan, NEWEST, 'input', '17:56');
    expect(plan.pending[0]!.state).toBe('given up');
    expect(next(plan, '23:59')).toBeUndefined();
    const both = ran(asked(['2026-11-22']), '2026-11-23', 'input', '06:01');
    expect(next(both, '06:01')).toBe(NEWEST);
  });

  it('does not come for what needs a person, before the next tick', () => {
    const plan = ran(asked(['2026-11-22', '2026-11-23']), NEWEST, 'failed', '06:01');
    expect(plan.pending[0]).toMatchObject({ asOf: NEWEST, state: 'given up' });
    expect(next(plan, '23:59')).toBeUndefined();
    const tomorrow = new Date('2026-11-26T06:00:00Z');
    expect(wantsLedger(plan, tomorrow)).toBe(true);
    expect(nextDate(withLedger(job, plan, new Set(['2026-11-23']), tomorrow), tomorrow)?.asOf).toBe(NEWEST);
  });

  it('does not start a date that runs once more because a tick came meanwhile', () => {
    const running = withStarted(asked(), OLDEST);
    const ticked = withLedger(job, running, new Set(), at('06:30'));
    expect(nextDate(ticked, at('06:30'))).toBeUndefined();
    const done = withEnded(job, ticked, OLDEST, 'published', at('06:31'));
    expect(next(done, '06:31')).toBe('2026-11-23');
  });
});
