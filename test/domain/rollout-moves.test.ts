import { describe, expect, it } from 'vitest';
import type { RolloutMove, RolloutState } from '../../src/domain/rollout.js';
import { cleanMove, failMove, isChained, startMove, stopMove } from '../../src/domain/rollout-moves.js';

const PLACE = { model: 'churn', environment: 'production' };
const FACTS = { at: '2026-11-21T06:00:00.000Z', by: 'someone', reason: undefined };
const started = (share = 0.05, ramp = [0.05, 0.25, 1], afterCleanRuns = 2): RolloutMove =>
  startMove(
    PLACE,
    undefined,
    { mode: 'canary', version: 4, digest: 'sha256:4', share, ramp, afterCleanRuns },
    FACTS,
  );
const runOf = (asOf: string, job = 'churn') => ({
  ...FACTS,
  by: 'predawn',
  run: { job, asOf, attemptId: asOf },
});

/** Counts clean runs, each with the state that it saw when it began. */
function clean(last: RolloutMove, ...dates: string[]): RolloutMove {
  return dates.reduce((move, date) => cleanMove(PLACE, move, move.to!, runOf(date))!, last);
}

describe('a canary with a ramp', () => {
  it('goes on after so many clean runs, share by share, and stays at the last', () => {
    let move = started();
    const shares = ['01', '02', '03', '04', '05', '06'].map((day) => {
      const next = clean(move, `2026-11-${day}`);
      expect(next === move || isChained(move, next)).toBe(true);
      move = next;
      return [move.action, move.to!.share];
    });
    expect(shares).toEqual([
      ['clean', 0.05],
      ['advance', 0.25],
      ['clean', 0.25],
      ['advance', 1],
      ['advance', 1],
      ['advance', 1],
    ]);
  });

  it('counts a date of a job once, whatever the share', () => {
    const once = clean(started(), '2026-11-01');
    expect(clean(once, '2026-11-01')).toBe(once);
    const other = cleanMove(PLACE, once, once.to!, runOf('2026-11-01', 'churn_weekly'));
    expect(other?.action).toBe('advance');
    expect(clean(other!, '2026-11-01')).toBe(other);
  });

  it('counts the runs of two jobs that began with the same state', () => {
    const seen = started();
    const first = cleanMove(PLACE, seen, seen.to!, runOf('2026-11-01'));
    expect(cleanMove(PLACE, first, seen.to!, runOf('2026-11-01', 'other'))?.action).toBe('advance');
  });

  it('does not count a run that saw another share or another version', () => {
    const seen = started();
    const advanced = clean(seen, '2026-11-01', '2026-11-02');
    expect(cleanMove(PLACE, advanced, seen.to!, runOf('2026-11-03'))).toBe(advanced);
    const stopped = stopMove(PLACE, seen, 'canary', FACTS);
    expect(cleanMove(PLACE, stopped, seen.to!, runOf('2026-11-03'))).toBe(stopped);
  });
});

describe('a canary that failed', () => {
  const report = { outcome: 'failed' };
  it('has no share any more', () => {
    const move = failMove(PLACE, started(), started().to!, { ...runOf('2026-11-01'), report });
    expect(move).toMatchObject({ action: 'fail', by: 'predawn', to: { version: 4, share: 0 }, report });
  });

  it('is not touched where somebody began another one meanwhile', () => {
    const other = startMove(PLACE, started(), { ...started().to!, version: 5 }, FACTS);
    expect(failMove(PLACE, other, started().to!, { ...runOf('2026-11-01'), report })).toBe(other);
  });
  it('fails also where another job’s clean run was counted meanwhile', () => {
    const seen = started();
    const counted = clean(seen, '2026-11-01');
    const move = failMove(PLACE, counted, seen.to!, { ...runOf('2026-11-02'), report });
    expect(move).toMatchObject({ action: 'fail', to: { share: 0 } });
  });
});

it('stops what there is, and says so where there is nothing', () => {
  expect(stopMove(PLACE, started(), 'canary', FACTS)).toMatchObject({ action: 'stop', to: undefined });
  for (const last of [undefined, started(), stopMove(PLACE, started(), 'canary', FACTS)]) {
    expect(() => stopMove(PLACE, last, 'shadow', FACTS)).toThrow('churn has no shadow in production.');
  }
});

it('chains moves by all that a state is', () => {
  const move = started();
  const changes: Partial<RolloutState>[] = [
    { share: 0.25 },
    { cleanRuns: ['churn 2026-11-01'] },
    { ramp: [0.05] },
  ];
  for (const change of changes)
    expect(isChained(move, { ...move, from: { ...move.to!, ...change } })).toBe(false);
  expect(isChained(move, { ...move, from: move.to })).toBe(true);
  expect(isChained(undefined, move)).toBe(true);
});
