import { setTimeout as sleep } from 'node:timers/promises';
import { PredawnError } from '../domain/errors.js';
import type { RunFacts } from './attempt.js';
import type { FixedDate } from './fix-date.js';
import type { RunContext, RunRequest } from './run-request.js';
import type { Tally } from './tally.js';

/**
 * Waits until the input is complete by what `input.ready` of the job file says, for as long as that says.
 *
 * @returns how many rows the input must have, where something tells
 * @throws PredawnError kind `input`, code `input.not_ready`, where it is not complete by then
 */
export async function awaitInput(
  { settings, job, limit }: RunRequest,
  date: FixedDate,
  context: RunContext,
): Promise<number | undefined> {
  const { services, signal } = context;
  const { ready } = job.input;
  // A first look at some rows needs no whole input.
  if (ready === undefined || limit !== undefined) return undefined;
  const until = context.now().getTime() + ready.wait;
  for (let told: string | undefined; ;) {
    const { problem, expectedRows } = await services.inputReadiness(
      { settings, job, ...date, signal },
      context.now(),
    );
    if (problem === undefined) return expectedRows;
    const left = until - context.now().getTime();
    if (left <= 0) throw notReady(job.name, date.asOf, problem, ready.wait);
    if (problem !== told)
      context.onEvent({ kind: 'waiting', reason: problem, until: new Date(until).toISOString() });
    told = problem;
    await sleep(Math.min(ready.every, left), undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** @throws PredawnError kind `input`, code `input.row_count`, where the input had another number of rows than it should */
export function requireRows(
  { expectedRows, attempt }: Pick<RunFacts, 'expectedRows' | 'attempt'>,
  { scored, rejected }: Tally,
): void {
  const read = scored + rejected;
  if (expectedRows === undefined || expectedRows === read) return;
  const { job, asOf } = attempt;
  throw new PredawnError(
    'input',
    'input.row_count',
    `${job} ${asOf}: the input has ${read} rows, and input.ready.rows says ${expectedRows}. Nothing was published.`,
    { hint: 'Check that its delivery is complete, then run again.' },
  );
}

function notReady(job: string, asOf: string, problem: string, wait: number): PredawnError {
  const waited = wait === 0 ? '' : ` after ${Math.round(wait / 60_000)} minutes`;
  return new PredawnError(
    'input',
    'input.not_ready',
    `The input of ${job} for ${asOf} is not complete${waited}: ${problem}.`,
    {
      hint:
        wait === 0
          ? 'Run again later, or let the run wait for it: input.ready.wait in the job file.'
          : 'Run again later.',
    },
  );
}
