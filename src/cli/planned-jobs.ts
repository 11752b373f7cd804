import { listJobs, loadJob } from '../config/jobs.js';
import { PredawnError } from '../domain/errors.js';
import type { Settings } from '../domain/job.js';
import { type Calendar, openCalendar } from '../schedule/calendar.js';
import type { PlannedJob } from '../schedule/planner.js';

/**
 * Reads job files anew each time it is called, so that a scheduler need not be restarted for an edit. A file that is wrong
 * is reported once, and its job goes on as it last was: an edit that is half saved must not stop a morning.
 *
 * @param names the jobs asked for; none: all there are
 */
export function plannedJobs(
  settings: Settings,
  names: readonly string[],
  onProblem: (job: string, error: PredawnError) => void,
): () => Promise<readonly PlannedJob[]> {
  const calendars = new Map<string, Calendar>();
  const known = new Map<string, PlannedJob>();
  const reported = new Map<string, string>();

  return async () => {
    const found = names.length > 0 ? names : await listJobs(settings);
    const jobs: PlannedJob[] = [];
    for (const name of found) {
      try {
        const job = await plan(name);
        reported.delete(name);
        if (job === undefined) known.delete(name);
        else known.set(name, job);
      } catch (error) {
        if (!(error instanceof PredawnError)) throw error;
        if (reported.get(name) !== error.message) onProblem(name, error);
        reported.set(name, error.message);
      }
      const job = known.get(name);
      if (job !== undefined) jobs.push(job);
    }
    return jobs;
  };

  async function plan(name: string): Promise<PlannedJob | undefined> {
    const { schedule, timezone } = await loadJob(settings, name);
    if (schedule === undefined) return undefined;
    const { cron, catchUpDays, inputDeadline } = schedule;
    const key = `${cron} ${timezone}`;
    const calendar = calendars.get(key) ?? (await openCalendar(cron, timezone));
    calendars.set(key, calendar);
    return { name, calendar, catchUpDays, inputDeadline };
  }
}
