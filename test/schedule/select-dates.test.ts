import { expect, it } from 'vitest';
import type { AttemptStatus } from '../../src/domain/receipt.js';
import { selectDates } from '../../src/schedule/select-dates.js';
import { ledgerDate } from './ledger-dates.js';

const DATES = ['2026-11-01', '2026-11-02', '2026-11-03', '2026-11-04', '2026-11-05', '2026-11-06'];
const known = (
  [
    ['2026-11-01', 'published', true],
    ['2026-11-02', 'failed', false],
    ['2026-11-03', 'failed', true],
    ['2026-11-04', 'staged', false],
    ['2026-11-05', 'open', false],
  ] as [string, AttemptStatus, boolean][]
).map(([asOf, status, isPublished]) => ledgerDate(asOf, status, { isPublished }));

it.each([
  ['all', DATES],
  ['missing', ['2026-11-02', '2026-11-04', '2026-11-05', '2026-11-06']],
  ['failed', ['2026-11-02', '2026-11-03', '2026-11-05']],
] as const)('%s', (which, expected) => {
  expect(selectDates(DATES, known, which)).toEqual(expected);
});
