import type { Command } from 'commander';
import { listJobs, loadJob } from '../../config/jobs.js';
import { PredawnError } from '../../domain/errors.js';
import type { Settings } from '../../domain/job.js';
import type { Ledger } from '../../domain/ledger.js';
import { datesBetween, daysUpTo, yesterday } from '../../domain/window.js';
import { using } from '../../run/using.js';
import { openCalendar } from '../../schedule/calendar.js';
import { jobDates } from '../../schedule/job-dates.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { positiveInteger } from '../options.js';
import { type CommonOptions, printResult } from '../print.js';
import { type JobStatus, statusJson, statusText } from '../render-status.js';

export function statusCommand(context: CommandContext): Command {
  return newCommand('status', 'Show at one glance which data dates of which jobs are published.', [
    'predawn status',
    'predawn status churn --days 30 --env production',
    'predawn status --json',
  ])
    .argument('[job...]', 'only these jobs; default: all')
    .option('--days <count>', 'so many data dates, the last of them yesterday', positiveInteger, 14)
    .action(async (names: readonly string[], options: CommonOptions & { days: number }) => {
      const settings = await settingsFor(options, context);
      const asked = names.length > 0 ? names : await listJobs(settings);
      const last = await lastDate(asked, settings, context.now());
      const dates = daysUpTo(last, options.days, 'UTC');
      const jobs = await using(context.services.openLedger(settings), async (ledger) => {
        const found: JobStatus[] = [];
        for (const name of asked) found.push(await statusOf(name, dates, ledger, settings, context.now()));
        return found;
      });
      printResult(context, options, statusJson(jobs, dates, settings.environment.name), (colors) =>
        statusText(jobs, dates, settings.environment.name, colors),
      );
      if (names.length > 0) for (const { problem } of jobs) if (problem !== undefined) throw problem;
    });
}

/** Yesterday in the job's time zone that is furthest ahead. */
async function lastDate(names: readonly string[], settings: Settings, now: Date): Promise<string> {
  const last: string[] = [];
  for (const name of names) {
    const job = await loadJob(settings, name).catch(() => undefined);
    if (job !== undefined) last.push(yesterday(now, job.timezone));
  }
  return last.sort().at(-1) ?? yesterday(now, 'UTC');
}

/** A job file that can't be read must not hide how the other jobs are. */
async function statusOf(
  name: string,
  dates: readonly string[],
  ledger: Ledger,
  settings: Settings,
  now: Date,
): Promise<JobStatus> {
  try {
    const { timezone, schedule } = await loadJob(settings, name);
    const calendar = schedule && (await openCalendar(schedule.cron, timezone));
    const known = await ledger.dates({ job: name, from: dates[0]!, to: dates.at(-1)! });
    const days = datesBetween(dates[0]!, dates.at(-1)!);
    const states = jobDates(days, known, timezone, calendar, now);
    return { job: name, timezone, schedule: schedule?.cron, dates: states, problem: undefined };
  } catch (error) {
    if (!(error instanceof PredawnError) || error.kind !== 'configuration') throw error;
    return { job: name, timezone: undefined, schedule: undefined, dates: [], problem: error };
  }
}
