import { loadJob } from '../config/jobs.js';
import { PredawnError } from '../domain/errors.js';
import type { Job, Settings } from '../domain/job.js';
import { daysBetween, daysUpTo, isOver, parseDataDate, yesterday } from '../domain/window.js';
import { using } from '../run/using.js';
import { startChild } from '../schedule/child-run.js';
import type { DateRun } from '../schedule/date-run.js';
import { runDates } from '../schedule/run-dates.js';
import { selectDates, type WhichDates } from '../schedule/select-dates.js';
import { settingsFor } from './command.js';
import type { CommandContext } from './context.js';
import { startDatesProgress } from './dates-progress.js';
import { gravest } from './exit-codes.js';
import { type CommonOptions, printResult } from './print.js';
import { datesJson, type DatesResult, datesText } from './render-dates.js';
import { asPredawnError, errorJson } from './render-error.js';
import { writeReport } from './write-report.js';

export interface DatesRequest {
  /** YYYY-MM-DD, or as `7d` so many days back. */
  readonly from: string;
  /** YYYY-MM-DD; undefined means yesterday in the job's time zone. */
  readonly to: string | undefined;
  readonly which: WhichDates;
  readonly parallel: number;
  readonly force: boolean;
}

const MOST_PROBLEMS = 10;

type DatesOptions = CommonOptions & { readonly report?: string };

/**
 * Runs a series of dates of a job, each in a process of its own, and prints what became of each.
 *
 * @throws PredawnError of the gravest failure among them (`gravest`), with the others as problems
 */
export async function runSeveralDates(
  name: string,
  request: DatesRequest,
  options: DatesOptions,
  context: CommandContext,
): Promise<void> {
  try {
    const settings = await settingsFor(options, context);
    const result = await runAll(await loadJob(settings, name), request, settings, options, context);
    const error = failureOf(result, context.signal);
    // With --json, the error carries the table: standard output is one document.
    if (error === undefined || options.json !== true)
      printResult(context, options, datesJson(result), (colors) => datesText(result, colors));
    if (error !== undefined) throw error;
    await writeReport(options.report, datesJson(result), context);
  } catch (thrown) {
    await writeReport(options.report, errorJson(asPredawnError(thrown)), context);
    throw thrown;
  }
}

async function runAll(
  job: Job,
  request: DatesRequest,
  settings: Settings,
  options: CommonOptions,
  context: CommandContext,
): Promise<DatesResult> {
  const { from, to } = rangeOf(job, request, context.now());
  const dates = daysBetween(from, to, job.timezone);
  const known = await using(context.services.openLedger(settings), (ledger) =>
    ledger.dates({ job: job.name, from, to }),
  );
  const asked = selectDates(dates, known, request.which);
  const program = { command: context.program, cwd: context.cwd, variables: context.variables };
  const progress = startDatesProgress(job.name, options, context);
  try {
    const runs = await runDates(asked, {
      job: job.name,
      parallel: request.parallel,
      signal: context.signal,
      start: (asOf) =>
        startChild(program, runArguments(job, asOf, settings, request.force), (line) => progress.onLog(line)),
      onProgress: (each) => progress.onProgress(each),
    });
    const { which } = request;
    const leftAlone = dates.length - asked.length;
    return { job: job.name, environment: settings.environment.name, from, to, which, leftAlone, runs };
  } finally {
    progress.stop();
  }
}

/** The command line that runs one date, whatever folder or environment variable chose settings and environment. */
export function runArguments(
  { name }: Pick<Job, 'name'>,
  asOf: string,
  { path, environment }: Settings,
  force = false,
): string[] {
  const where = ['--config', path, '--env', environment.name];
  return ['run', name, '--date', asOf, ...where, ...(force ? ['--force'] : [])];
}

function rangeOf({ name, timezone }: Job, request: DatesRequest, now: Date): { from: string; to: string } {
  const last = yesterday(now, timezone);
  const to = request.to === undefined ? last : parseDataDate(request.to);
  if (!request.force && !isOver(to, timezone, now)) {
    throw new PredawnError('usage', 'date.not_over', `${name}: ${to} is not over yet in ${timezone}.`, {
      hint: `The last day that is over is ${last}.`,
    });
  }
  const days = /^(\d{1,4})d$/.exec(request.from)?.[1];
  if (days === undefined) return { from: parseDataDate(request.from), to };
  return { from: daysUpTo(to, Math.max(1, Number(days)), timezone)[0]!, to };
}

function failureOf(result: DatesResult, signal: AbortSignal): PredawnError | undefined {
  const { job, runs } = result;
  const errors = runs.flatMap(({ error }) => error ?? []);
  // What was interrupted here is to be run again, whatever else was found.
  const worst = signal.aborted ? asPredawnError(signal.reason) : gravest(errors);
  const isDone = runs.every(({ receipt, error }) => receipt !== undefined && error === undefined);
  if (worst === undefined || isDone) return undefined;
  const published = runs.filter(({ receipt }) => receipt !== undefined).length;
  return new PredawnError(
    worst.kind,
    worst.code,
    `${job}: ${published} of ${runs.length} dates are published; ${describeRest(runs)}.`,
    {
      hint: 'The same command again tries those that are not published, and leaves the others alone.',
      // One readable page; the table has the rest.
      problems: errors.slice(0, MOST_PROBLEMS),
      details: { result: datesJson(result) },
      ...(worst.signal && { signal: worst.signal }),
    },
  );
}

function describeRest(runs: readonly DateRun[]): string {
  const count = (is: (run: DateRun) => boolean) => runs.filter(is).length;
  const failed = count(({ receipt, error }) => receipt === undefined && error !== undefined);
  const withoutCanary = count(({ receipt, error }) => receipt !== undefined && error !== undefined);
  const notTried = count(({ receipt, error }) => receipt === undefined && error === undefined);
  return [
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(withoutCanary > 0 ? [`${withoutCanary} of them without its canary`] : []),
    ...(notTried > 0 ? [`${notTried} were not tried`] : []),
  ].join(', ');
}
