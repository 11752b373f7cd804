import { describe, expect, it } from 'vitest';
import type { LedgerDate } from '../../src/domain/ledger.js';
import { daysUpTo } from '../../src/domain/window.js';
import { openCalendar } from '../../src/schedule/calendar.js';
import { checkSlice } from '../../src/schedule/check-slice.js';
import { ledgerDate } from './ledger-dates.js';

const YESTERDAY = '2026-11-24';
const AT_SEVEN = new Date('2026-11-25T07:00:00Z');
const BY_SEVEN = { hour: 7, minute: 0 };
const ran = (asOf: string, rows = 500): LedgerDate =>
  ledgerDate(asOf, 'published', {
    rows,
    startedAt: new Date(Date.parse(asOf) + 30 * 3_600_000).toISOString(),
  });
const days = (count: number) => daysUpTo('2026-11-23', count, 'UTC').map((asOf) => ran(asOf));
const calendar = await openCalendar('0 6 * * *', 'Europe/London');

const check = (known: LedgerDate[], now = AT_SEVEN, by: typeof BY_SEVEN | undefined = BY_SEVEN) =>
  checkSlice('churn', calendar, known, now, { by, smallestShare: 0.7 });

describe('check', () => {
  it('is content with a slice that is as usual', () => {
    expect(check([...days(7), ran(YESTERDAY, 480)])).toMatchObject({
      state: 'ok',
      asOf: YESTERDAY,
      finding: 'is published, 480 rows (usually 500)',
      deadline: '2026-11-25T07:00:00.000Z',
    });
  });

  it('catches a cron that never fired', () => {
    expect(check(days(7))).toMatchObject({ state: 'missing', asOf: YESTERDAY });
    expect(check(days(7)).finding).toContain('at 07:00 Europe/London');
    expect(check([])).toMatchObject({ state: 'missing' });
  });

  it('catches a run that failed', () => {
    const error = { kind: 'data', code: 'gate.rejects', message: '3 rows rejected' };
    const { state, finding } = check([...days(7), ledgerDate(YESTERDAY, 'failed', { error })]);
    expect({ state, finding }).toMatchObject({ state: 'failed' });
    expect(finding).toContain('gate.rejects: 3 rows rejected');
  });

  it('catches a run that published half the usual rows', () => {
    expect(check([...days(7), ran(YESTERDAY, 250)])).toMatchObject({
      state: 'small',
      finding: 'is published with 250 rows, 50% of the usual 500',
    });
  });

  it('catches a run that is still going at the deadline, and not before', () => {
    const open = [...days(7), ledgerDate(YESTERDAY, 'open')];
    expect(check(open)).toMatchObject({ state: 'running', asOf: YESTERDAY });
    expect(check(open, new Date('2026-11-25T06:59:59Z'))).toMatchObject({ state: 'ok', asOf: '2026-11-23' });
  });

  it('catches rows that are staged and wait', () => {
    expect(check([...days(7), ledgerDate(YESTERDAY, 'staged')])).toMatchObject({ state: 'staged' });
  });

  it('catches an input that is another day’s, and a run before the day was over', () => {
    const twin = { fingerprint: 'sha256:2026-11-23', startedAt: '2026-11-25T06:00:00Z' };
    expect(check([...days(7), ledgerDate(YESTERDAY, 'published', twin)])).toMatchObject({
      state: 'stale',
      finding: 'is published, but its input is byte for byte that of 2026-11-23',
    });
    const early = ledgerDate(YESTERDAY, 'published', { startedAt: '2026-11-24T20:00:00Z' });
    expect(check([...days(7), early]).finding).toContain('before the day was over');
  });

  it('goes by the slice: a later run that failed does not take it away', () => {
    const failed = ledgerDate(YESTERDAY, 'failed', { isPublished: true, startedAt: '2026-11-25T06:00:00Z' });
    expect(check([...days(7), failed])).toMatchObject({ state: 'ok' });
  });

  it('compares with the same weekday where there are four', () => {
    const [sundays, others] = [10, 500];
    const month = daysUpTo('2026-11-21', 33, 'UTC').map((asOf) =>
      ran(asOf, new Date(asOf).getUTCDay() === 0 ? sundays : others),
    );
    const monday = new Date('2026-11-23T07:00:00Z');
    expect(check([...month, ran('2026-11-22', 9)], monday)).toMatchObject({ state: 'ok', usualRows: 10 });
    expect(check([...month, ran('2026-11-22', 5)], monday)).toMatchObject({ state: 'small' });
  });

  it('does not judge the rows of a job that has hardly run', () => {
    expect(check([...days(2), ran(YESTERDAY, 1)])).toMatchObject({ state: 'ok', usualRows: undefined });
  });

  it('without a time of day waits an hour after the last tick', () => {
    const check = (now: string) =>
      checkSlice('churn', calendar, days(7), new Date(now), { by: undefined, smallestShare: 0.7 });
    expect(check('2026-11-25T06:59:59Z')).toMatchObject({ state: 'ok', asOf: '2026-11-23' });
    expect(check('2026-11-25T07:00:00Z')).toMatchObject({ state: 'missing', asOf: YESTERDAY });
  });

  it('gives a job that starts after the time of day until the next one', () => {
    const rules = { by: { hour: 5, minute: 0 }, smallestShare: 0.7 };
    const at = (now: string) => checkSlice('churn', calendar, days(7), new Date(now), rules).asOf;
    expect(at('2026-11-25T23:00:00Z')).toBe('2026-11-23');
    expect(at('2026-11-26T05:00:00Z')).toBe('2026-11-24');
  });

  it('expects nothing that was not scheduled', async () => {
    const weekdays = await openCalendar('0 6 * * 1-5', 'Europe/London');
    const sunday = new Date('2026-11-22T12:00:00Z');
    const rules = { by: BY_SEVEN, smallestShare: 0.7 };
    expect(checkSlice('churn', weekdays, [ran('2026-11-19')], sunday, rules)).toMatchObject({
      state: 'ok',
      asOf: '2026-11-19',
    });
    const yearly = await openCalendar('0 6 1 1 *', 'UTC');
    expect(checkSlice('churn', yearly, [], sunday, rules)).toMatchObject({ state: 'ok', asOf: undefined });
  });
});
