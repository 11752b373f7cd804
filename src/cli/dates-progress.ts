import type { DatesProgress } from '../schedule/run-dates.js';
import type { CommandContext } from './context.js';
import type { CommonOptions } from './print.js';

/** Says how far a series of dates is: one line on a terminal, else the log lines of its runs. */
export function startDatesProgress(job: string, options: CommonOptions, { stderr }: CommandContext) {
  const silent = options.quiet === true || options.json === true;
  const draws = stderr.isTTY && !silent;
  return {
    onProgress(progress: DatesProgress): void {
      if (draws) draw(progressText(job, progress));
    },
    onLog(line: string): void {
      if (!stderr.isTTY && options.quiet !== true) stderr.write(`${line}\n`);
    },
    stop(): void {
      if (draws) draw('');
    },
  };

  function draw(line: string): void {
    stderr.write(`\r\u001b[2K${line.slice(0, (stderr.columns ?? 80) - 1)}`);
  }
}

export function progressText(job: string, { total, done, running }: DatesProgress): string {
  const failed = done.filter(({ receipt }) => receipt === undefined).length;
  const failures = failed === 0 ? '' : `, ${failed} failed`;
  const now = running.length === 0 ? '' : `; running ${running.join(', ')}`;
  return `${job}: ${done.length} of ${total} dates${failures}${now}`;
}
