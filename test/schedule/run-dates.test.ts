import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChildEnd, ChildRun } from '../../src/schedule/child-run.js';
import { type DatesProgress, runDates } from '../../src/schedule/run-dates.js';
import { fakeEnd } from './fake-end.js';

const DATES = Array.from({ length: 9 }, (_, day) => `2026-11-0${day + 1}`);

/** Runs dates whose children end when the test says so. */
function start(dates: readonly string[], parallel: number, signal = new AbortController().signal) {
  const open = new Map<string, (end: ChildEnd) => void>();
  const started: string[] = [];
  const stopped: string[] = [];
  const progress: DatesProgress[] = [];
  const result = runDates(dates, {
    job: 'churn',
    parallel,
    signal,
    onProgress: (each) => progress.push(each),
    start: (asOf): ChildRun => {
      started.push(asOf);
      const ended = new Promise<ChildEnd>((resolve) => open.set(asOf, resolve));
      return { pid: 1, ended, stop: () => stopped.push(asOf) };
    },
  });
  return {
    result,
    started,
    stopped,
    progress,
    /** Ends one, and lets what follows from that happen. */
    async end(asOf: string, how: number | NodeJS.Signals, code?: string): Promise<void> {
      open.get(asOf)!(fakeEnd(asOf, how, code));
      open.delete(asOf);
      await new Promise(setImmediate);
    },
    open,
  };
}

describe('runDates', () => {
  it('starts dates in order, so many at a time', async () => {
    const dates = start(DATES, 2);
    expect(dates.started).toEqual(DATES.slice(0, 2));
    await dates.end(DATES[1]!, 0);
    expect(dates.started).toEqual(DATES.slice(0, 3));
    expect(dates.progress.at(-1)).toMatchObject({ total: 9, running: [DATES[0], DATES[2]] });
    await dates.end(DATES[0]!, 0);
    await dates.end(DATES[2]!, 0);
    for (const date of DATES.slice(3)) await dates.end(date, 0);
    const result = await dates.result;
    expect(result.map(({ asOf }) => asOf)).toEqual(DATES);
    expect(result.every(({ receipt, error }) => receipt !== undefined && error === undefined)).toBe(true);
  });

  it.each([
    [65, 'gate.rejects', false],
    [66, 'input.missing', false],
    [70, 'internal', false],
    [75, 'lock.held', false],
    [77, 'canary.label', false],
    ['SIGKILL', undefined, false],
    [75, 'postgres.connection', true],
    [76, 'artefact.digest', true],
    [78, 'config.value', true],
    [64, 'usage', true],
  ] as const)('%s %s stops the other dates: %s', async (how, code, stops) => {
    const dates = start(DATES.slice(0, 3), 1);
    await dates.end(DATES[0]!, how, code);
    expect(dates.started).toEqual(DATES.slice(0, stops ? 1 : 2));
    for (const date of DATES.slice(1, 3)) if (dates.open.has(date)) await dates.end(date, 0);
    const [first, second, third] = await dates.result;
    expect(first!.error).toBeDefined();
    expect(first!.receipt === undefined).toBe(how !== 77);
    expect([second, third].map((run) => run!.receipt === undefined)).toEqual([stops, stops]);
    expect(second!.error).toBeUndefined();
  });

  it('asks what runs to stop when it is aborted, waits for it, and starts nothing more', async () => {
    const abort = new AbortController();
    const dates = start(DATES, 2, abort.signal);
    abort.abort();
    expect(dates.stopped).toEqual(DATES.slice(0, 2));
    await dates.end(DATES[0]!, 143);
    await dates.end(DATES[1]!, 0);
    const result = await dates.result;
    expect(dates.started).toEqual(DATES.slice(0, 2));
    expect(result[0]!.error).toMatchObject({ kind: 'interrupted', signal: 'SIGTERM' });
    expect(result[1]!.receipt).toBeDefined();
    expect(result[2]).toEqual({ asOf: DATES[2], receipt: undefined, error: undefined });
  });

  it('never runs a date twice, nor more than asked at once, whatever ends in which order', async () => {
    const endings = fc.array(fc.tuple(fc.nat(), fc.constantFrom<number>(0, 65, 66, 70, 77)), {
      minLength: DATES.length,
      maxLength: DATES.length,
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 12 }), endings, async (parallel, ends) => {
        const dates = start(DATES, parallel);
        for (const [which, code] of ends) {
          expect(dates.open.size).toBe(Math.min(parallel, DATES.length - dates.progress.at(-1)!.done.length));
          const running = [...dates.open.keys()];
          await dates.end(running[which % running.length]!, code);
        }
        await dates.result;
        expect(dates.started).toEqual(DATES);
      }),
      { numRuns: 50 },
    );
  });
});
