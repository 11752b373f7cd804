import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Logger } from 'pino';
import type { Settings } from '../../domain/job.js';
import { openLog } from '../../run/log.js';
import { using } from '../../run/using.js';
import { startChild } from '../../schedule/child-run.js';
import type { DateRun } from '../../schedule/date-run.js';
import { openEndpoints } from '../../schedule/endpoints.js';
import { keepBeating } from '../../schedule/heartbeat.js';
import { Scheduler, type SchedulerEvent } from '../../schedule/scheduler.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { gravest } from '../exit-codes.js';
import { logLevel } from '../log-level.js';
import { positiveInteger } from '../options.js';
import { plannedJobs } from '../planned-jobs.js';
import { type CommonOptions, printResult } from '../print.js';
import { scheduleJson, scheduleText } from '../render-schedule.js';
import { runArguments } from '../run-dates.js';
import { noSchedule } from '../scheduled-jobs.js';

interface ScheduleOptions extends CommonOptions {
  readonly parallel: number;
  readonly port?: number;
  readonly host: string;
}

export function scheduleCommand(context: CommandContext): Command {
  return newCommand('schedule', 'Run every job at its time, and what was missed, until it is stopped.', [
    'predawn schedule --env production',
    'predawn schedule churn --port 9400 --host 0.0.0.0   one job, with /healthz, /readyz and /metrics',
  ])
    .argument('[job...]', 'only these jobs; default: every job that has a schedule')
    .option('--parallel <count>', 'at most so many runs at once, each of another job', positiveInteger, 4)
    .option('--port <number>', 'answer /healthz, /readyz and /metrics on this port', portNumber)
    .addOption(new Option('--host <address>', 'with --port: the address to listen on').default('127.0.0.1'))
    .action((names: readonly string[], options: ScheduleOptions) => schedule(names, options, context));
}

async function schedule(
  names: readonly string[],
  options: ScheduleOptions,
  context: CommandContext,
): Promise<void> {
  const settings = await settingsFor(options, context);
  const log = await openLog({
    level: logLevel(context, options.quiet === true ? 'error' : 'info'),
    bindings: {},
  });
  const loadJobs = plannedJobs(settings, names, (job, error) =>
    log.error({ job, code: error.code, hint: error.hint }, error.message),
  );
  const jobs = await loadJobs();
  if (jobs.length === 0) throw noSchedule(settings, 'Write one into a job file: schedule: "0 6 * * *".');
  printResult(context, options, scheduleJson(jobs, context.now()), (colors) =>
    scheduleText(jobs, context.now(), colors),
  );

  const scheduler = new Scheduler(
    {
      now: () => context.now(),
      loadJobs,
      publishedDates: (job, from, to) => publishedDates(job, from, to, settings, context),
      start: (job, asOf) => startRun(job, asOf, settings, options, context),
      onEvent: (event) => logEvent(event, log),
    },
    options.parallel,
  );
  const startedAt = context.now().getTime();
  const endpoints =
    options.port === undefined
      ? undefined
      : await openEndpoints(
          { host: options.host, port: options.port },
          () => ({ activities: scheduler.activities, lastBeat: scheduler.lastBeat, startedAt }),
          () => context.now().getTime(),
        );
  log.info({ jobs: jobs.map(({ name }) => name), port: endpoints?.port }, 'scheduling');
  try {
    await keepBeating(() => scheduler.beat(), context.signal);
  } catch (error) {
    await scheduler.stop();
    throw error;
  } finally {
    await endpoints?.close();
  }
  const stopping = scheduler.stop();
  log.info('stopping');
  const stopped = await stopping;
  log.info({ runs: stopped.length }, 'stopped');
  throwFailed(stopped);
}

/** With the code of what was running; of what had published already, 0. */
function throwFailed(stopped: readonly DateRun[]): void {
  const error = gravest(stopped.flatMap(({ error }) => error ?? []));
  if (error !== undefined) throw error;
}

async function publishedDates(
  job: string,
  from: string,
  to: string,
  settings: Settings,
  { services }: CommandContext,
): Promise<ReadonlySet<string>> {
  const dates = await using(services.openLedger(settings), (ledger) => ledger.dates({ job, from, to }));
  return new Set(dates.filter(({ current }) => current !== undefined).map(({ asOf }) => asOf));
}

/** A run of its own, whose log lines are passed on. */
function startRun(
  job: string,
  asOf: string,
  settings: Settings,
  { quiet }: ScheduleOptions,
  context: CommandContext,
) {
  const { program: command, cwd, variables, stderr } = context;
  const level = logLevel(context, quiet === true ? 'error' : 'info');
  const program = { command, cwd, variables: { ...variables, PREDAWN_LOG_LEVEL: level } };
  return startChild(program, runArguments({ name: job }, asOf, settings), (line) =>
    stderr.write(`${line}\n`),
  );
}

function logEvent(event: SchedulerEvent, log: Logger): void {
  const { job, kind } = event;
  if (kind === 'dates missing') log.info({ job, dates: event.dates }, kind);
  else if (kind === 'ledger away')
    log.warn({ job, code: event.error.code, message: event.error.message }, kind);
  else if (kind === 'run started') log.info({ job, asOf: event.asOf, pid: event.pid }, kind);
  else logEnd(event, log);
}

function logEnd(
  { job, run, outcome, again }: Extract<SchedulerEvent, { kind: 'run ended' }>,
  log: Logger,
): void {
  const { asOf, receipt, error } = run;
  const rows = receipt?.rows.scored;
  if (error === undefined) {
    log.info({ job, asOf, outcome: receipt?.outcome, rows }, 'run ended');
    return;
  }
  const failure = { job, asOf, outcome, code: error.code, message: error.message, hint: error.hint, again };
  if (outcome === 'failed' || again === undefined) log.error(failure, 'run ended');
  else log.warn(failure, 'run ended');
}

/** For commander: a port; 0 is any that is free. */
function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It must be a port number, 0 to 65535.');
}
