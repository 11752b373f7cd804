import * as z from 'zod';
import type { GateRules } from '../domain/gate.js';
import { fail, NAME, NAME_RULE, percentage } from './fields.js';

const NEEDS_ROWS = [
  'max_reject_rate',
  'max_ms_per_1k_rows',
  'max_rss_mb',
  'max_score_shift',
  'max_label_change',
] as const;

const ceiling = () => z.number().positive('must be above 0.');

/** `gate` of an environment: what a version must show before it is made live there. */
export const gateSchema = () =>
  z
    .strictObject({
      golden: z
        .literal('required', { error: 'must be required: every gate asks for golden rows.' })
        .default('required')
        .describe('The version has golden rows, and gives the expected outputs for them now. Always so.'),
      on: z
        .strictObject({
          job: z
            .string()
            .regex(NAME, NAME_RULE)
            .optional()
            .describe('The job whose rows are scored. Default: the one job of the model that is promoted.'),
          dates: z
            .int()
            .min(1)
            .max(366)
            .default(1)
            .describe('How many data dates, the last of them yesterday in the job’s time zone. Default: 1.'),
        })
        .optional()
        .describe('Real rows that are scored, without publishing them. Every ceiling needs them.'),
      max_reject_rate: percentage()
        .optional()
        .describe('Most rows that the version may not be able to score: a share such as 0.1%.'),
      max_ms_per_1k_rows: ceiling()
        .optional()
        .describe('Most milliseconds of scoring for 1,000 rows: the 95th percentile over blocks.'),
      max_rss_mb: ceiling()
        .optional()
        .describe('Most megabytes of memory while rows are scored: the peak of the whole process.'),
      max_score_shift: z
        .strictObject({ psi: ceiling().describe('Population stability index; 0.2 is a common ceiling.') })
        .optional()
        .describe('How far the scores may move from what the live version gives on the same rows.'),
      max_label_change: percentage()
        .optional()
        .describe('Most rows whose label may differ from the live version’s: a share such as 2%.'),
    })
    .superRefine((gate, context) => {
      const ceilings = NEEDS_ROWS.filter((key) => gate[key] !== undefined);
      if (gate.on !== undefined || ceilings.length === 0) return;
      fail(context, `needs rows for ${ceilings.join(', ')}.`, 'Say which: on: { job: <name>, dates: 3 }.');
    })
    .describe('What a version must show before it is made live here. Without it, nothing.');

/** A gate as the rest of the program knows it. */
export function gateRules(gate: z.output<ReturnType<typeof gateSchema>>): GateRules {
  return {
    on: gate.on && { job: gate.on.job, dates: gate.on.dates },
    ceilings: {
      rejectRate: gate.max_reject_rate,
      millisecondsPer1kRows: gate.max_ms_per_1k_rows,
      rssMegabytes: gate.max_rss_mb,
      scoreShift: gate.max_score_shift?.psi,
      labelChange: gate.max_label_change,
    },
  };
}
