import { expect, it } from 'vitest';
import type { Job } from '../../../src/domain/job.js';
import type { ShiftGate } from '../../../src/domain/job-gates.js';
import type { LedgerDate } from '../../../src/domain/ledger.js';
import type { Histogram } from '../../../src/domain/profile.js';
import type { Tally } from '../../../src/domain/tally.js';
import { shift } from '../../../src/run/job-gates/shift.js';
import { ledgerDate } from '../../schedule/ledger-dates.js';

const even = [250, 250, 250, 250];
const skewed = [100, 250, 250, 400];
const of = (column: string, counts: readonly number[], expected = even, bins = 'b'): Histogram => ({
  ...{ column, bins, expected, counts },
});

function find(
  rules: Partial<ShiftGate>,
  features: readonly Histogram[] | undefined,
  known: readonly LedgerDate[] | undefined = [],
) {
  const feature_shift = { action: 'block', psi: 0.25, columns: {}, ...rules } as const;
  const tally = {
    scored: 1000,
    ...(features && { distributions: { features, scores: [] } }),
  } as unknown as Tally;
  const facts = {
    job: { gates: { feature_shift } } as Job,
    asOf: '2026-11-21',
    artefact: 'churn@3',
    tally,
    known,
  };
  return shift('feature_shift', { ...facts, accept: undefined, by: 'tester' })[0];
}

/** A date whose slice kept counts. */
function slice(asOf: string, features?: readonly Histogram[]): LedgerDate {
  const date = ledgerDate(asOf, 'published');
  const receipt = { ...date.current!.receipt!, ...(features && { distributions: { features, scores: [] } }) };
  const current = { ...date.current!, receipt };
  return { ...date, newest: current, current };
}

it('fails where a column moved from the profile, naming it, its figure and its limit', () => {
  // (0.1 - 0.25) ln 0.4 + (0.4 - 0.25) ln 1.6 = 0.208
  const moved = of('tenure', skewed);
  expect(find({}, [of('age', even), moved])).toMatchObject({
    found: 'passed',
    detail: 'population stability index from the profile of churn@3, the most: tenure 0.207',
  });
  expect(find({ psi: 0.2 }, [of('age', even), moved])).toMatchObject({
    found: 'failed',
    mayBlock: true,
    detail: 'population stability index from the profile of churn@3: tenure 0.207, at most 0.2',
  });
  expect(find({ psi: 0.2, columns: { tenure: 0.21 } }, [moved])).toMatchObject({ found: 'passed' });
  expect(find({ psi: 9, columns: { tenure: 0.1 } }, [moved])).toMatchObject({ found: 'failed' });
});

it('can tell nothing without a profile, or where chance alone may give as much', () => {
  expect(find({}, undefined)).toMatchObject({ found: 'undecided' });
  expect(find({}, undefined)!.detail).toContain('churn@3 has no profile: add its model again');
  const few = of('tenure', [1, 0, 0, 9]);
  expect(find({}, [few])).toMatchObject({ found: 'undecided' });
  const { found, detail } = find({ psi: 0.2 }, [few, of('age', skewed)])!;
  expect([found, detail]).toEqual([
    'failed',
    expect.stringContaining('too few rows to tell of 1 of 2 columns'),
  ]);
});

it('is not asked where not all rows were read', () => {
  const facts = {
    job: { gates: { feature_shift: { action: 'block', psi: 0.1, columns: {} } } } as unknown as Job,
  };
  const rest = {
    asOf: '2026-11-21',
    artefact: 'churn@3',
    tally: { scored: 1 } as Tally,
    accept: undefined,
    by: '',
  };
  expect(shift('feature_shift', { ...facts, ...rest, known: undefined })).toEqual([]);
});

it('compares with the last slices together, and blocks once all of them are there', () => {
  const today = [of('tenure', skewed)];
  const asBefore = slice('2026-11-20', [of('tenure', skewed)]);
  const otherwise = slice('2026-11-19', [of('tenure', [500, 250, 250, 0])]);
  expect(find({ slices: 2 }, today, [slice('2026-11-20')])).toMatchObject({ found: 'undecided' });
  expect(find({ slices: 2 }, today, [asBefore])).toMatchObject({ found: 'passed', mayBlock: false });
  const both = find({ slices: 2, psi: 0.1 }, today, [otherwise, asBefore]);
  expect(both).toMatchObject({ found: 'failed', mayBlock: true });
  expect(both!.detail).toMatch(/from the last 2 slices: tenure 0\.\d+, at most 0\.1$/);
  // Only the last one counts, and of it only what has the same bins.
  expect(find({ slices: 1, psi: 0.1 }, today, [otherwise, asBefore])).toMatchObject({ found: 'passed' });
  const another = slice('2026-11-20', [of('tenure', even, even, 'other bins')]);
  expect(find({ slices: 1, psi: 0.1 }, today, [another])).toMatchObject({ found: 'undecided' });
});
