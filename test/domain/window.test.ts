import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dataWindow, daysUpTo, isOver, parseDataDate, yesterday } from '../../src/domain/window.js';

const HOUR = 3_600_000;
const ZONES = [
  'UTC',
  'Europe/London',
  'America/New_York',
  'America/Sao_Paulo',
  'America/Havana',
  'America/St_Johns',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Auckland',
  'Pacific/Apia',
];

function hours({ from, to }: { from: string; to: string }): number {
  return (Date.parse(to) - Date.parse(from)) / HOUR;
}

function nextDay(asOf: string): string {
  return new Date(Date.parse(`${asOf}T00:00:00Z`) + 24 * HOUR).toISOString().slice(0, 10);
}

const dates = fc
  .date({ min: new Date('1970-01-02'), max: new Date('2037-12-30'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));

describe('dataWindow', () => {
  it.each([
    ['an ordinary day', '2026-11-20', 'Europe/London', '2026-11-20T00:00:00.000Z', 24],
    ['summer time begins', '2026-03-29', 'Europe/London', '2026-03-29T00:00:00.000Z', 23],
    ['summer time ends', '2026-10-25', 'Europe/London', '2026-10-24T23:00:00.000Z', 25],
    ['in New York it begins', '2026-03-08', 'America/New_York', '2026-03-08T05:00:00.000Z', 23],
    ['in New York it ends', '2026-11-01', 'America/New_York', '2026-11-01T04:00:00.000Z', 25],
    ['midnight is skipped', '2018-11-04', 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z', 23],
    [
      'the hour before midnight comes twice',
      '2018-02-17',
      'America/Sao_Paulo',
      '2018-02-17T02:00:00.000Z',
      25,
    ],
    [
      'midnight comes twice: the first counts',
      '2018-11-04',
      'America/Havana',
      '2018-11-04T04:00:00.000Z',
      25,
    ],
    ['half an hour is skipped', '2026-10-04', 'Australia/Lord_Howe', '2026-10-03T13:30:00.000Z', 23.5],
    ['half an hour comes twice', '2026-04-05', 'Australia/Lord_Howe', '2026-04-04T13:00:00.000Z', 24.5],
    ['the jump begins before midnight', '1919-03-31', 'America/Toronto', '1919-03-31T04:30:00.000Z', 23.5],
  ])('%s: %s in %s', (_, asOf, zone, from, length) => {
    const window = dataWindow(asOf, zone);
    expect(window.from).toBe(from);
    expect(hours(window)).toBe(length);
  });

  it('refuses a day that the zone skipped, and joins the days around it', () => {
    expect(() => dataWindow('2011-12-30', 'Pacific/Apia')).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'date.skipped' }),
    );
    expect(dataWindow('2011-12-29', 'Pacific/Apia').to).toBe(dataWindow('2011-12-31', 'Pacific/Apia').from);
  });

  it('refuses what is no IANA zone', () => {
    for (const zone of ['Europe/Lodnon', '+01:00', '']) {
      expect(() => dataWindow('2026-11-20', zone)).toThrow(
        expect.objectContaining({ kind: 'configuration' }),
      );
    }
  });

  it('lasts about a day, and ends where the next day begins', () => {
    fc.assert(
      fc.property(dates, fc.constantFrom(...ZONES), (asOf, zone) => {
        fc.pre(zone !== 'Pacific/Apia' || !['2011-12-29', '2011-12-30'].includes(asOf));
        const window = dataWindow(asOf, zone);
        expect(window.to).toBe(dataWindow(nextDay(asOf), zone).from);
        // Newfoundland once moved its clocks by two hours.
        expect(hours(window)).toBeGreaterThanOrEqual(22);
        expect(hours(window)).toBeLessThanOrEqual(26);
      }),
      { numRuns: 500 },
    );
  });

  it('covers every day around every clock change of a decade without overlap or gap', () => {
    for (const zone of ['Europe/London', 'America/New_York', 'Australia/Lord_Howe', 'America/Sao_Paulo']) {
      const lengths = new Set<number>();
      let asOf = '2010-01-01';
      let end = dataWindow(asOf, zone).from;
      while (asOf < '2020-01-01') {
        const window = dataWindow(asOf, zone);
        expect(window.from).toBe(end);
        lengths.add(hours(window));
        end = window.to;
        asOf = nextDay(asOf);
      }
      const [shorter, longer] = zone === 'Australia/Lord_Howe' ? [23.5, 24.5] : [23, 25];
      expect([...lengths].sort()).toEqual([shorter, 24, longer]);
    }
  });
});

describe('yesterday', () => {
  it.each([
    ['2026-11-21T06:00:00Z', 'Europe/London', '2026-11-20'],
    ['2026-11-21T06:00:00Z', 'Pacific/Auckland', '2026-11-20'],
    ['2026-11-21T12:00:00Z', 'Pacific/Auckland', '2026-11-21'],
    ['2026-11-21T04:59:59Z', 'America/New_York', '2026-11-19'],
    ['2026-11-21T05:00:00Z', 'America/New_York', '2026-11-20'],
    ['2026-10-24T23:00:00Z', 'Europe/London', '2026-10-24'],
    ['2011-12-30T12:00:00Z', 'Pacific/Apia', '2011-12-29'],
    ['2024-03-01T01:00:00Z', 'UTC', '2024-02-29'],
  ])('at %s in %s is %s', (now, zone, date) => {
    expect(yesterday(new Date(now), zone)).toBe(date);
  });

  it('is always over, and the day after it is not', () => {
    const instants = fc.date({
      min: new Date('1975-01-01'),
      max: new Date('2037-01-01'),
      noInvalidDate: true,
    });
    const zones = fc.constantFrom(
      ...ZONES.filter((zone) => !['Pacific/Apia', 'America/St_Johns'].includes(zone)),
    );
    fc.assert(
      fc.property(instants, zones, (now, zone) => {
        const date = yesterday(now, zone);
        expect(isOver(date, zone, now)).toBe(true);
        expect(isOver(nextDay(date), zone, now)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('isOver', () => {
  it('turns true with the last instant of the day', () => {
    expect(isOver('2026-10-25', 'Europe/London', new Date('2026-10-25T23:59:59.999Z'))).toBe(false);
    expect(isOver('2026-10-25', 'Europe/London', new Date('2026-10-26T00:00:00Z'))).toBe(true);
  });
});

describe('parseDataDate', () => {
  it('takes real days', () => {
    fc.assert(
      fc.property(dates, (date) => {
        expect(parseDataDate(date)).toBe(date);
      }),
    );
    expect(parseDataDate('2024-02-29')).toBe('2024-02-29');
  });

  it.each([
    '2026-02-29',
    '2026-02-30',
    '2026-13-01',
    '2026-00-10',
    '2026-11-00',
    '0026-11-20',
    '2026-11-2',
    '20261120',
    '20/11/2026',
    ' 2026-11-20',
    '2026-11-20T00:00:00Z',
    '２０２６-11-20',
    'yesterday',
    '',
  ])('refuses %j', (text) => {
    expect(() => parseDataDate(text)).toThrow(
      expect.objectContaining({
        kind: 'usage',
        code: 'date.invalid',
        hint: expect.stringContaining('2026-11-20') as string,
      }),
    );
  });
});

describe('daysUpTo', () => {
  it('gives calendar days, whatever the clocks do', () => {
    expect(daysUpTo('2026-03-02', 3, 'UTC')).toEqual(['2026-02-28', '2026-03-01', '2026-03-02']);
    expect(daysUpTo('2026-10-26', 3, 'Europe/London')).toEqual(['2026-10-24', '2026-10-25', '2026-10-26']);
    expect(daysUpTo('2026-03-30', 2, 'Europe/London')).toEqual(['2026-03-29', '2026-03-30']);
    expect(daysUpTo('2026-03-30', 1, 'Europe/London')).toEqual(['2026-03-30']);
  });

  it('leaves out a day that the zone skipped', () => {
    expect(daysUpTo('2011-12-31', 3, 'Pacific/Apia')).toEqual(['2011-12-28', '2011-12-29', '2011-12-31']);
  });
});
