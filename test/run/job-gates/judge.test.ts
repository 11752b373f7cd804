import { describe, expect, it } from 'vitest';
import type { Job } from '../../../src/domain/job.js';
import type { JobGates } from '../../../src/domain/job-gates.js';
import type { LedgerDate } from '../../../src/domain/ledger.js';
import { acceptedGates } from '../../../src/run/accepted-gates.js';
import { gateWarnings, judgeJobGates } from '../../../src/run/job-gates/judge.js';
import type { Tally } from '../../../src/run/tally.js';
import { ledgerDate } from '../../schedule/ledger-dates.js';

const SATURDAY = '2026-11-21';
const SATURDAYS = ['2026-10-24', '2026-10-31', '2026-11-07', '2026-11-14'];

const clean: Tally = {
  ...{ read: 100, scored: 100, rejected: 0, inexactIntegers: 0 },
  ...{ rejectsByCode: {}, rejectGroups: [], faults: [] },
};
const slices = (rows: readonly number[], status: 'published' | 'failed' = 'published'): LedgerDate[] =>
  rows.map((count, index) => ledgerDate(SATURDAYS[index]!, status, { rows: count }));

function jobWith(gates: JobGates | undefined): Job {
  return { name: 'churn', path: 'jobs/churn.yaml', gates } as unknown as Job;
}

function judge(
  gates: JobGates | undefined,
  tally: Partial<Tally> = {},
  known: readonly LedgerDate[] | undefined = [],
  accepted: readonly string[] = [],
) {
  const job = jobWith(gates);
  const accept = acceptedGates(job, accepted, accepted.length === 0 ? undefined : 'seen');
  return judgeJobGates({
    ...{ job, asOf: SATURDAY, artefact: 'churn@3', tally: { ...clean, ...tally }, known, accept },
    by: 'tester',
  });
}

it('asks for nothing where the job file has no gates', () => {
  expect(judge(undefined)).toEqual({ results: [], blocked: [], failed: [] });
});

describe('row_count', () => {
  const gates = { row_count: { action: 'block', at_least: 0.5, at_most: 2 } } as const;

  it.each([
    [50, 'passed'],
    [49, 'blocked'],
    [200, 'passed'],
    [201, 'blocked'],
  ])('%i rows of the usual 100: %s', (scored, found) => {
    const { results, blocked } = judge(gates, { read: scored, scored }, slices([10, 100, 100, 900]));
    expect([...results.map(({ status }) => status), ...blocked.map(() => 'blocked')]).toEqual([found]);
  });

  it('names the figure and its limit, and what to do', () => {
    const { blocked } = judge(gates, { read: 40, scored: 40 }, slices([100, 100, 100, 100]));
    expect(blocked).toMatchObject([{ kind: 'data', code: 'gate.row_count' }]);
    expect(blocked[0]!.message).toBe(
      'row_count: 40 rows are 40% of the usual 100 rows of a Saturday (median of 4); at least 50% is asked for.',
    );
    expect(blocked[0]!.hint).toContain('--accept row_count --reason');
  });

  it('warns with fewer than four slices of the weekday, and says so where the figure is right', () => {
    const known = [...slices([100, 100, 100]), ledgerDate('2026-11-20', 'published', { rows: 9 })];
    expect(judge(gates, { scored: 10 }, known)).toMatchObject({
      results: [{ status: 'warned' }],
      blocked: [],
    });
    const { results } = judge(gates, {}, known);
    expect(results).toMatchObject([{ status: 'undecided' }]);
    expect(results[0]!.detail).toMatch(/median of 3.*needs 4 before it can block/);
  });

  it.each([
    ['none', []],
    ['none that is published', slices([5, 5, 5, 5], 'failed')],
    ['none with rows', slices([0, 0, 0, 0])],
  ])('can tell nothing with %s', (_, known) => {
    expect(judge(gates, { scored: 1 }, known)).toMatchObject({ results: [{ status: 'undecided' }] });
  });

  it('is not asked where not all rows were read', () => {
    const facts = {
      ...{ job: jobWith(gates), asOf: SATURDAY, artefact: 'churn@3', tally: clean },
      ...{ accept: undefined, by: 'tester' },
    };
    expect(judgeJobGates({ ...facts, known: undefined })).toEqual({ results: [], blocked: [], failed: [] });
  });
});

describe('constant_scores', () => {
  const gates = { constant_scores: { action: 'block' } } as const;
  const varied = { column: 'p', least: 0.1, most: 0.2 };

  it('blocks one score that never varies, among others that do', () => {
    const scoreRanges = [varied, { column: 'q', least: 0.5, most: 0.5 }];
    const { blocked } = judge(gates, { scoreRanges });
    expect(blocked.map(({ message }) => message)).toEqual([
      'constant_scores: q is 0.5 in all 100 rows; a score must vary.',
    ]);
    expect(judge(gates, { scoreRanges: [varied] }).results).toMatchObject([{ status: 'passed' }]);
  });

  it('can tell nothing of one row, or of labels alone', () => {
    const scoreRanges = [{ column: 'q', least: 0.5, most: 0.5 }];
    expect(judge(gates, { scored: 1, scoreRanges }).results).toMatchObject([{ status: 'undecided' }]);
    expect(judge(gates, { scoreRanges: [] }).results).toMatchObject([{ status: 'undecided' }]);
  });
});

describe('missing', () => {
  const gates = { missing: { action: 'block', at_most: 0.1, columns: { b: 0.5 } } } as const;

  it('counts NaN and rejects, each column against its own limit', () => {
    const missing = [
      { column: 'a', count: 6 },
      { column: 'b', count: 50 },
    ];
    const rejectGroups = [
      { code: 'missing', column: 'a', count: 5, firstLine: 2 },
      { code: 'not_a_number', column: 'a', count: 80, firstLine: 3 },
    ];
    expect(judge(gates, { missing }).results).toMatchObject([{ status: 'passed' }]);
    expect(judge(gates, { missing, rejectGroups }).blocked.map(({ message }) => message)).toEqual([
      'missing: missing values in a 11% (11 of 100 rows), at most 10%.',
    ]);
    const more = [{ column: 'b', count: 51 }];
    expect(judge(gates, { missing: more }).blocked).toHaveLength(1);
  });

  it('holds single columns alone where there is no limit for all', () => {
    const only = { missing: { action: 'block', columns: { b: 0.5 } } } as const;
    expect(judge(only, { missing: [{ column: 'a', count: 100 }] }).blocked).toEqual([]);
  });
});

describe('a gate that does not hold', () => {
  const tally = { scoreRanges: [{ column: 'q', least: 1, most: 1 }] };

  it('warns where it is to', () => {
    const { results, blocked } = judge({ constant_scores: { action: 'warn' } }, tally);
    expect(blocked).toEqual([]);
    expect(gateWarnings(results)).toEqual(['constant_scores: q is 1 in all 100 rows; a score must vary']);
  });

  it('passes where somebody accepts it, and stays told', () => {
    const gates = {
      constant_scores: { action: 'block' },
      missing: { action: 'block', at_most: 0, columns: {} },
    } as const;
    const both = { ...tally, missing: [{ column: 'a', count: 1 }] };
    const { results, blocked } = judge(gates, both, [], ['constant_scores']);
    expect(blocked.map(({ code }) => code)).toEqual(['gate.missing']);
    expect(results).toMatchObject([
      { gate: 'constant_scores', status: 'accepted', accepted: { by: 'tester', reason: 'seen' } },
    ]);
    expect(gateWarnings(results)[0]).toMatch(/^constant_scores accepted by tester \(seen\): q is 1/);
  });
});

describe('what is accepted', () => {
  const job = jobWith({ row_count: { action: 'block', at_least: 0.5 }, constant_scores: { action: 'warn' } });

  it.each([
    [['row_cuont'], 'x', 'accept.unknown', 'Did you mean "row_count"?'],
    [['constant_scores'], 'x', 'accept.unknown', 'that block: row_count'],
    [['rejects'], 'x', 'accept.unknown', 'row_count'],
    [['row_count'], undefined, 'accept.reason', '--accept row_count'],
    [['row_count'], '  ', 'accept.reason', '--accept row_count'],
    [[], 'x', 'accept.reason', '--accept'],
  ])('%j for %j: %s', (names, reason, code, hint) => {
    let thrown: unknown;
    try {
      acceptedGates(job, names, reason);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ kind: 'usage', code, hint: expect.stringContaining(hint) as string });
  });
});
