import { PredawnError } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import { dataWindow, type DataWindow, isOver, parseDataDate, yesterday } from '../domain/window.js';

/** A data date with its window, fixed once at the start: midnight may pass during a run. */
export interface FixedDate {
  /** YYYY-MM-DD. */
  readonly asOf: string;
  readonly window: DataWindow;
}

/** @throws PredawnError kind `usage` for a date that is no date, or that is not over in the job's zone yet. */
export function fixDate(job: Job, asked: { date: string | undefined; force: boolean }, now: Date): FixedDate {
  const asOf = asked.date === undefined ? yesterday(now, job.timezone) : parseDataDate(asked.date);
  if (!asked.force && !isOver(asOf, job.timezone, now)) {
    throw new PredawnError(
      'usage',
      'date.not_over',
      `${job.name}: ${asOf} is not over yet in ${job.timezone}.`,
      {
        hint: `Its rows may still be coming in. Run it tomorrow, or pass --force to score what is there.`,
      },
    );
  }
  return { asOf, window: dataWindow(asOf, job.timezone) };
}
