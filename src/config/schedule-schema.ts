import * as z from 'zod';
import type { JobSchedule } from '../domain/job.js';
import { duration, fail } from './fields.js';

const DAY = 86_400_000;
const EXAMPLE =
  'Write minute, hour, day of month, month and day of week, for example "0 6 * * *" for 06:00 every day.';

/** `schedule` of a job file: a cron expression alone, or with what a scheduler does about a day that was missed. */
export const scheduleSchema = () =>
  z
    .union(
      [
        cron(),
        z.strictObject({
          cron: cron(),
          catch_up: duration()
            .refine((value) => value >= DAY && value % DAY === 0 && value <= 366 * DAY, {
              message: 'must be whole days, such as 7d, at most 366d.',
            })
            .default(DEFAULTS.catchUpDays * DAY)
            .describe('How far back the scheduler looks for dates without a publication. Default: 7d.'),
          input_deadline: duration()
            .default(DEFAULTS.inputDeadline)
            .describe(
              'How long after its time the scheduler tries a date again whose input is not there. Default: 12h.',
            ),
        }),
      ],
      {
        error:
          'must be a cron expression, or a mapping of cron and, if need be, catch_up (7d) and input_deadline (12h).',
      },
    )
    .transform((value): JobSchedule =>
      typeof value === 'string'
        ? { cron: value, ...DEFAULTS }
        : { cron: value.cron, catchUpDays: value.catch_up / DAY, inputDeadline: value.input_deadline },
    )
    .describe(
      "When to run: a cron expression in the job's time zone, or a mapping that also says how to catch up.",
    );

const DEFAULTS = { catchUpDays: 7, inputDeadline: DAY / 2 };

function cron() {
  return z
    .string()
    .superRefine(async (expression, context) => {
      const fields = expression.trim().split(/\s+/);
      // Imported here: only jobs with a schedule pay for it.
      const isKnown = expression.startsWith('@') || fields.length === 5;
      if (!isKnown || !(await import('node-cron')).validate(expression)) {
        fail(context, `"${expression}" is not a cron expression.`, EXAMPLE);
      } else if (fields.length === 5 && !isAny(fields[2]!) && !isAny(fields[4]!)) {
        fail(
          context,
          `"${expression}" names both days of the month and days of the week.`,
          'Some schedulers run on days that are either, others on days that are both: leave one of them *.',
        );
      }
    })
    .describe('When to run, as a cron expression of five fields in the job\'s time zone: "0 6 * * *".');
}

function isAny(field: string): boolean {
  return /^[*?]$/.test(field);
}
