import * as z from 'zod';
import type { InputReady } from '../domain/job.js';
import { datedPath, duration, text } from './fields.js';

const EVERY = 30_000;

/** `input.ready`: how a run knows that the day's input is complete. */
export const readySchema = () =>
  z
    .strictObject({
      marker: datedPath()
        .optional()
        .describe('A file that is there once the CSV file is complete, with {date}; placed as csv is.'),
      rows: datedPath()
        .optional()
        .describe(
          'A file that holds the number of rows of the CSV file, with {date}; the run reads as many or fails.',
        ),
      quiet: duration()
        .optional()
        .describe('For how long the CSV file has not been written to, such as 10m.'),
      sql: text()
        .optional()
        .describe(
          'For queries: a SELECT that gives true once the rows are complete; :date, :from and :to as in query.',
        ),
      wait: duration()
        .default(0)
        .describe('How long a run waits for all that, such as 2h. Default: not at all.'),
      every: duration()
        .refine((value) => value > 0, 'must be above 0.')
        .default(EVERY)
        .describe('How often a run that waits looks again. Default: 30s.'),
    })
    .transform((ready): InputReady => ({
      marker: ready.marker,
      rows: ready.rows,
      quiet: ready.quiet,
      sql: ready.sql,
      wait: ready.wait,
      every: ready.every,
    }))
    .describe('How to know that the input is complete; until then a run waits, or exits 66.');
