import * as z from 'zod';
import { type CanaryRules, NO_CEILINGS } from '../domain/rollout.js';
import { percentage } from './fields.js';

/** `canary` of an environment: what stops a version that is tried out on a share of the keys. */
export const canarySchema = () =>
  z
    .strictObject({
      max_reject_rate: percentage()
        .optional()
        .describe('Most of the canary’s rows that the new version alone can’t score: a share such as 0.1%.'),
      max_score_shift: z
        .strictObject({
          psi: z
            .number()
            .positive('must be above 0.')
            .describe('Population stability index; 0.2 is a common ceiling.'),
        })
        .optional()
        .describe('How far the scores may move from what the live version gives for the canary’s rows.'),
      max_label_change: percentage()
        .optional()
        .describe('Most of the canary’s rows whose label may differ from the live version’s: such as 2%.'),
      min_rows: z
        .int()
        .min(1)
        .default(NO_CEILINGS.minRows)
        .describe(
          'With fewer rows in the canary no ceiling is checked, and the run is not counted as clean. Default: 100.',
        ),
    })
    .describe('What stops a canary: then the live version’s rows are published. Without it, failures alone.');

/** Ceilings as the rest of the program knows them. */
export function canaryRules(canary: z.output<ReturnType<typeof canarySchema>>): CanaryRules {
  return {
    rejectRate: canary.max_reject_rate,
    scoreShift: canary.max_score_shift?.psi,
    labelChange: canary.max_label_change,
    minRows: canary.min_rows,
  };
}
