import type { PredawnError } from '../domain/errors.js';
import type { ChildRun } from './child-run.js';
import { type DateRun, readDateRun } from './date-run.js';

/** How far a series of dates is. */
export interface DatesProgress {
  readonly total: number;
  /** In the order they ended. */
  readonly done: readonly DateRun[];
  /** Dates that are being run now, ascending. */
  readonly running: readonly string[];
}

export interface RunDatesOptions {
  readonly job: string;
  /** How many may run at once. */
  readonly parallel: number;
  /** Starts the run of one date. */
  start(asOf: string): ChildRun;
  readonly signal: AbortSignal;
  onProgress(progress: DatesProgress): void;
}

/**
 * Runs dates in order, each in a process of its own. A date that fails for a reason of its own does not stop the
 * others; whatever would stop them too does, and so does `signal`: those that run are asked to stop and waited for,
 * and the rest is not tried.
 *
 * @returns one for every date, in the order of `dates`
 */
export async function runDates(
  dates: readonly string[],
  options: RunDatesOptions,
): Promise<readonly DateRun[]> {
  const { job, parallel, signal } = options;
  const running = new Map<string, ChildRun>();
  const done: DateRun[] = [];
  let next = 0;
  let stopped = false;
  const stopAll = (): void => {
    stopped = true;
    for (const child of running.values()) child.stop();
  };
  signal.addEventListener('abort', stopAll, { once: true });
  if (signal.aborted) stopAll();

  async function lane(): Promise<void> {
    while (!stopped && next < dates.length) {
      const asOf = dates[next++]!;
      const child = options.start(asOf);
      running.set(asOf, child);
      report();
      const run = readDateRun(job, asOf, await child.ended);
      running.delete(asOf);
      done.push(run);
      if (run.error !== undefined && concernsAllDates(run.error)) stopped = true;
      report();
    }
  }
  const report = (): void =>
    options.onProgress({ total: dates.length, done: [...done], running: [...running.keys()].sort() });

  await Promise.all(Array.from({ length: Math.min(parallel, dates.length) }, lane));
  signal.removeEventListener('abort', stopAll);
  return dates.map(
    (asOf) => done.find((run) => run.asOf === asOf) ?? { asOf, receipt: undefined, error: undefined },
  );
}

/** Whether the next date would fail alike. A crash may be one date's own. */
function concernsAllDates({ kind, code }: PredawnError): boolean {
  if (code === 'lock.held') return false;
  return !['data', 'input', 'canary', 'internal'].includes(kind);
}
