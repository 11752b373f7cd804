import { describe, expect, it } from 'vitest';
import type { Job } from '../../src/domain/job.js';
import { PredawnError } from '../../src/domain/errors.js';
import { failedGates, type GateInput } from '../../src/run/gates.js';
import type { Tally } from '../../src/run/tally.js';

const job = {
  name: 'churn',
  path: 'jobs/churn.yaml',
  key: ['customer_id'],
  limits: { rejects: { count: 0 }, inexactIntegers: { count: 0 }, minRows: 1 },
} as unknown as Job;

const clean: Tally = {
  read: 10,
  scored: 10,
  rejected: 0,
  inexactIntegers: 0,
  rejectsByCode: {},
  rejectGroups: [],
  faults: [],
};

function gates(change: Partial<Omit<GateInput, 'tally'>> & { tally?: Partial<Tally> } = {}): PredawnError[] {
  const tally = { ...clean, ...change.tally };
  return failedGates({
    job,
    duplicateKeys: [],
    rejectsLocation: 'predawn.rejects',
    staged: { location: 't', digest: 'd', rows: tally.scored },
    ...change,
    tally,
  });
}

describe('gates', () => {
  it('let a clean run pass', () => {
    expect(gates()).toEqual([]);
  });

  it('hold rejects against a count', () => {
    const tally = {
      scored: 8,
      rejected: 2,
      rejectGroups: [{ code: 'missing', column: 'data_gb', count: 2, firstLine: 7 }],
    };
    const [failed] = gates({ tally });
    expect(failed).toMatchObject({ kind: 'data', code: 'gate.rejects' });
    expect(failed!.message).toContain('2 missing in data_gb (first at line 7)');
    expect(failed!.hint).toContain('predawn.rejects');
    const lenient = { ...job, limits: { ...job.limits, rejects: { count: 2 } } };
    expect(gates({ tally, job: lenient })).toEqual([]);
  });

  it.each([
    { share: 0.2, passes: true },
    { share: 0.19, passes: false },
  ])('hold rejects against a share of the rows read: $share', ({ share, passes }) => {
    const limited = { ...job, limits: { ...job.limits, rejects: { share } } };
    expect(gates({ job: limited, tally: { scored: 8, rejected: 2 } })).toHaveLength(passes ? 0 : 1);
  });

  it('refuse too few rows, and tell an input without any, which may come later', () => {
    expect(gates({ tally: { read: 1, scored: 0, rejected: 1 } })).toMatchObject([
      { code: 'gate.rejects' },
      { kind: 'data', code: 'gate.min_rows' },
    ]);
    expect(gates({ tally: { read: 0, scored: 0 } })).toMatchObject([
      { kind: 'input', code: 'input.no_rows' },
    ]);
  });

  it('count integers that float32 rounds', () => {
    expect(gates({ tally: { inexactIntegers: 3 } })).toMatchObject([{ code: 'gate.inexact_integers' }]);
  });

  it('name the first duplicate keys', () => {
    const [failed] = gates({ duplicateKeys: ['C-1', 'C-2', 'C-3', 'C-4', 'C-5', 'C-6'] });
    expect(failed!.message).toContain('C-1 | C-2 | C-3 | C-4 | C-5 and more');
  });

  it('report everything that is wrong at once', () => {
    const faults = [
      { kind: 'not_finite', column: 'p', count: 2, keys: ['C-1', 'C-2'] },
      { kind: 'not_a_probability', column: 'q', count: 1, keys: ['C-9'] },
    ] as const;
    const failed = gates({ duplicateKeys: ['C-1'], tally: { faults } });
    expect(failed.map(({ code }) => code)).toEqual([
      'gate.duplicate_keys',
      'gate.not_finite',
      'gate.not_a_probability',
    ]);
    expect(failed[1]!.message).toContain('C-1 | C-2');
  });

  it.each([
    { read: 11, staged: 10 },
    { read: 10, staged: 9 },
  ])('treat an account that does not balance as a bug: $read read, $staged staged', ({ read, staged }) => {
    const unbalanced = () => gates({ tally: { read }, staged: { location: 't', digest: 'd', rows: staged } });
    expect(unbalanced).toThrow(
      expect.objectContaining({ kind: 'internal', code: 'receipt.unbalanced' }) as Error,
    );
  });
});
