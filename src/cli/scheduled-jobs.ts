import { listJobs, loadJob } from '../config/jobs.js';
import { PredawnError } from '../domain/errors.js';
import type { Job, JobSchedule, Project } from '../domain/job.js';

/** A job with a schedule. */
export type ScheduledJob = Job & { readonly schedule: JobSchedule };

/** The jobs that are named, or all there are, each loaded; the first problem is thrown. */
export async function loadJobs(names: readonly string[], project: Project): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (const name of names.length > 0 ? names : await listJobs(project))
    jobs.push(await loadJob(project, name));
  return jobs;
}

export function isScheduled(job: Job): job is ScheduledJob {
  return job.schedule !== undefined;
}

/** @throws PredawnError kind `configuration` where none of the jobs has a schedule */
export function noSchedule(project: Project, hint: string): PredawnError {
  return new PredawnError('configuration', 'schedule.none', `No job in ${project.jobs} has a schedule.`, {
    hint,
  });
}
