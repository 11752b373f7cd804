import { type Command, InvalidArgumentError, Option } from 'commander';
import { PredawnError } from '../../domain/errors.js';
import type { Job } from '../../domain/job.js';
import { daysUpTo, yesterday } from '../../domain/window.js';
import { using } from '../../run/using.js';
import { type Calendar, dailyCalendar, openCalendar, type TimeOfDay } from '../../schedule/calendar.js';
import { checkSlice, DAYS_BACK, type SliceCheck } from '../../schedule/check-slice.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { PluginExit } from '../exit-codes.js';
import { type CommonOptions, printResult } from '../print.js';
import { checkJson, checksText, pluginLine, pluginStatus } from '../render-check.js';
import { asPredawnError } from '../render-error.js';
import { loadJobs } from '../scheduled-jobs.js';
import { shareOption } from '../shares.js';

interface CheckOptions extends CommonOptions {
  readonly by?: TimeOfDay;
  readonly minShare: number;
  readonly nagios?: boolean;
}

const MIDNIGHT = { hour: 0, minute: 0 };

export function checkCommand(context: CommandContext): Command {
  return newCommand('check', 'Fail if the newest slice that should be there is not, or is not as usual.', [
    'predawn check --by 07:00                    every job, in its own time zone',
    'predawn check churn --quiet                 nothing is written while all is well: for cron and for probes',
    'predawn check --by 07:00 --nagios           one line and 0, 1, 2 or 3: for Nagios, Icinga and their kin',
  ])
    .argument('[job...]', 'only these jobs; default: every job that has a schedule, with --by every job')
    .option(
      '--by <HH:MM>',
      'when it has to be there, in the job’s time zone; default: an hour after the day’s last scheduled time',
      timeOfDay,
    )
    .addOption(
      new Option('--min-share <percent>', 'fewest rows, as a share of what is usual')
        .argParser(shareOption)
        .default(0.7, '70%'),
    )
    .addOption(
      new Option('--nagios', 'answer as a monitoring plugin: one line, and 0, 1, 2 or 3').conflicts([
        'json',
        'quiet',
      ]),
    )
    .action(async (names: readonly string[], options: CheckOptions) => {
      if (options.nagios === true) await answerAsPlugin(names, options, context);
      else report(await checkAll(names, options, context), options, context);
    });
}

async function checkAll(
  names: readonly string[],
  options: CheckOptions,
  context: CommandContext,
): Promise<readonly SliceCheck[]> {
  const settings = await settingsFor(options, context);
  const jobs = (await loadJobs(names, settings)).filter(
    (job) => names.length > 0 || options.by !== undefined || job.schedule !== undefined,
  );
  if (jobs.length === 0) throw noDeadline('No job has a schedule');
  const calendars = new Map<string, Calendar>();
  for (const job of jobs) calendars.set(job.name, await calendarOf(job, options));
  const now = context.now();
  return using(context.services.openLedger(settings), async (ledger) => {
    const checks: SliceCheck[] = [];
    for (const { name, timezone } of jobs) {
      const to = yesterday(now, timezone);
      const from = daysUpTo(to, DAYS_BACK, timezone)[0]!;
      const known = await ledger.dates({ job: name, from, to });
      const rules = { by: options.by, smallestShare: options.minShare };
      checks.push(checkSlice(name, calendars.get(name)!, known, now, rules));
    }
    return checks;
  });
}

/** A job without a schedule is expected every day, by the time that was given. */
async function calendarOf({ name, schedule, timezone }: Job, { by }: CheckOptions): Promise<Calendar> {
  if (schedule !== undefined) return openCalendar(schedule.cron, timezone);
  if (by === undefined) throw noDeadline(`${name} has no schedule`);
  return dailyCalendar(MIDNIGHT, timezone);
}

function noDeadline(why: string): PredawnError {
  return new PredawnError('usage', 'check.deadline', `${why}: by when should its slice be there?`, {
    hint: 'Give --by 07:00, or write a schedule into the job file.',
  });
}

function report(checks: readonly SliceCheck[], options: CheckOptions, context: CommandContext): void {
  const problems = checks
    .filter(({ state }) => state !== 'ok')
    .map(
      ({ job, asOf, state, finding, hint }) =>
        new PredawnError('overdue', `check.${state}`, `${job} ${asOf} ${finding}.`, {
          ...(hint !== undefined && { hint }),
        }),
    );
  const json = { checks: checks.map(checkJson) };
  const [first] = problems;
  // With --json, the error carries the result: standard output is one document.
  if (first === undefined || options.json !== true)
    printResult(context, options, json, (colors) => checksText(checks, colors));
  if (first === undefined) return;
  const message =
    problems.length === 1
      ? first.message
      : `${problems.length} of ${checks.length} jobs are not as they should be.`;
  throw new PredawnError('overdue', first.code, message, {
    ...(problems.length === 1 ? first.hint !== undefined && { hint: first.hint } : { problems }),
    details: json,
  });
}

/** One line on stdout whatever happens; what could not be found out is UNKNOWN, not a failure of the job. */
async function answerAsPlugin(
  names: readonly string[],
  options: CheckOptions,
  context: CommandContext,
): Promise<never> {
  try {
    const checks = await checkAll(names, options, context);
    context.stdout.write(pluginLine(checks));
    throw new PluginExit(pluginStatus(checks));
  } catch (thrown) {
    if (thrown instanceof PluginExit) throw thrown;
    const { message } = asPredawnError(thrown);
    context.stdout.write(`PREDAWN UNKNOWN - ${message.replaceAll(/[\n|]+/g, ' ')}\n`);
    throw new PluginExit('UNKNOWN');
  }
}

/** For commander: 07:00, in 24 hours. */
function timeOfDay(text: string): TimeOfDay {
  const [, hour, minute] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hour === undefined) throw new InvalidArgumentError('It must be a time of day such as 07:00.');
  return { hour: Number(hour), minute: Number(minute) };
}
