import * as z from 'zod';
import { JOB_GATES } from '../domain/job-gates.js';
import { fail, limit, NAME, NAME_RULE, percentage, text } from './fields.js';

const ONE_HUNDRED_OR_MORE = /^(\d+(?:\.\d+)?)\s*%$/;
/** What `--accept` and error codes may mean already. */
const TAKEN: readonly string[] = [
  ...JOB_GATES,
  ...[
    'checks',
    'rejects',
    'min_rows',
    'inexact_integers',
    'duplicate_keys',
    'not_finite',
    'not_a_probability',
  ],
  ...['rule', 'sql', 'no_encoder', 'no_profile'],
];

const AT_MOST_RULE = 'must be a share of the usual rows of 100% or more, such as 200%.';

const action = () =>
  z
    .enum(['warn', 'block'], { error: 'must be warn or block.' })
    .default('block')
    .describe('warn: the receipt and the log say so; block: nothing is published, exit 65. Default: block.');

const columnShares = (of: string) =>
  z
    .strictObject({
      action: action(),
      at_most: percentage().optional().describe(`Most ${of}: a share such as 20%.`),
      columns: z
        .record(text(), percentage(), { error: 'must be a mapping from column names to shares.' })
        .default({})
        .describe('The same for single columns.'),
    })
    .superRefine((shares, context) => {
      if (shares.at_most !== undefined || Object.keys(shares.columns).length > 0) return;
      fail(context, 'needs at_most or columns.', 'Write at_most: 20%, or columns: { <column>: 20% }.');
    })
    .optional();

const check = () =>
  z
    .strictObject({
      action: action(),
      row: text()
        .optional()
        .describe('An expression that must be true in every row: keys and outputs by their published names.'),
      sql: text()
        .refine((sql) => sql.includes('{rows}'), { error: 'must select from {rows}, the staged rows.' })
        .optional()
        .describe('A SELECT from {rows}: it gives the rows that are wrong, or one boolean. For databases.'),
      at_most: limit().describe('Most rows that may be wrong: a count or a share. Default: 0.'),
    })
    .superRefine((asked, context) => {
      if ((asked.row === undefined) !== (asked.sql === undefined)) return;
      fail(context, 'needs row or sql, one of both.', 'For example: row: churn_probability < 0.99');
    });

const psi = () => z.number({ error: 'must be a number such as 0.25.' }).positive('must be above 0.');

const shift = (of: string) =>
  z
    .strictObject({
      action: action(),
      psi: psi()
        .default(0.25)
        .describe(`Most that the population stability index of any of the ${of} may be. Default: 0.25.`),
      columns: z
        .record(text(), psi(), { error: 'must be a mapping from column names to numbers.' })
        .default({})
        .describe('The same for single columns, in place of psi.'),
      slices: z
        .int({ error: 'must be a whole number from 1 to 60.' })
        .min(1)
        .max(60)
        .optional()
        .describe(
          'Compare with so many of the last slices, together. Default: with the profile of the artefact.',
        ),
    })
    .optional();

/** `gates` of a job file. */
export const jobGatesSchema = () =>
  z
    .strictObject({
      row_count: z
        .strictObject({
          action: action(),
          at_least: percentage()
            .prefault('50%')
            .describe(
              'Fewest rows, as a share of the median of the same weekday’s last slices. Default: 50%.',
            ),
          at_most: z
            .union([z.number(), z.string()], { error: AT_MOST_RULE })
            .transform((value, context): number => {
              const percent = Number(ONE_HUNDRED_OR_MORE.exec(String(value))?.[1] ?? NaN);
              return percent >= 100 ? percent / 100 : fail(context, AT_MOST_RULE);
            })
            .optional()
            .describe('Most rows, in the same way. Without it, there may be any number.'),
        })
        .optional()
        .describe(
          'Rows scored against the same weekday’s; blocks once there are four slices to compare with.',
        ),
      constant_scores: z
        .strictObject({ action: action() })
        .optional()
        .describe('A published score that is the same in every row.'),
      missing: columnShares('rows in which the column of a feature may have no value').describe(
        'Rows without a value in the column of a feature.',
      ),
      unknown_categories: columnShares(
        'rows in which a feature may have a category that no encoder of the model knows',
      ).describe('Rows with a category that no encoder of the model knows.'),
      checks: z
        .record(
          z
            .string()
            .regex(NAME, NAME_RULE)
            .refine((name) => !TAKEN.includes(name), { error: 'is the name of a gate: choose another.' }),
          check(),
          { error: 'must be a mapping from names to checks.' },
        )
        .optional()
        .describe('Checks of the staged rows, by names of your own.'),
      score_shift: shift('published scores').describe(
        'How far published scores moved, as a population stability index.',
      ),
      feature_shift: shift('features').describe('How far features moved, as a population stability index.'),
    })
    .describe('More checks between scoring and publishing, each of which warns or blocks.');
