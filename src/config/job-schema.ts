import * as z from 'zod';
import type { InputReady, MissingRule } from '../domain/job.js';
import { didYouMean, nearest } from '../domain/nearest.js';
import { yamlText } from '../domain/yaml-text.js';
import { columnNames, datedPath, distinctColumns, fail, limit, text, timezone } from './fields.js';
import { jobGatesSchema } from './job-gates-schema.js';
import { readySchema } from './ready-schema.js';
import { scheduleSchema } from './schedule-schema.js';

const TABLE = /^(?:[A-Za-z_][A-Za-z0-9_]{0,62}\.)?[A-Za-z_][A-Za-z0-9_]{0,62}$/;

/** `jobs/<name>.yaml`. Descriptions are what editors show. */
export const jobSchema = z
  .strictObject({
    model: text().describe("Name of the model in the registry; the environment's alias decides the version."),
    schedule: scheduleSchema().optional(),
    timezone: timezone().describe(
      'IANA time zone whose calendar days are the data dates, such as Europe/London.',
    ),
    input: input(),
    key: distinctColumns().describe(
      'Column, or list of columns, that identifies a row. Published with the predictions.',
    ),
    features: features().default({}),
    missing: z
      .record(text(), missingRule(), { error: 'must be a mapping from column names to rules.' })
      .default({})
      .describe(
        'Per source column: which texts mean missing, and what then. Without a rule such rows are rejected.',
      ),
    output: output().prefault({}),
    gates: jobGatesSchema().optional(),
    limits: z
      .strictObject({
        rejects: limit().describe(
          'Most rows that may be rejected: a count, or a share such as 0.1%. Default 0.',
        ),
        inexact_integers: limit().describe(
          'Most integers that a float32 input may round: a count, or a share such as 0.1%. Default 0.',
        ),
        min_rows: z.int().min(1).default(1).describe('Fewest rows that may be published. Default 1.'),
      })
      .prefault({})
      .describe('Past these, nothing is published and the run fails.'),
  })
  .describe('A predawn job: what to score when, with which model, and what to publish.');

function input() {
  return z
    .strictObject({
      csv: datedPath()
        .optional()
        .describe(
          'Path of the CSV file, .gz too, with {date} for the data date, relative to predawn.yaml or to the source folder.',
        ),
      query: text()
        .optional()
        .describe(
          'SELECT for environments whose source is PostgreSQL. :date is the data date, :from and :to its window in UTC.',
        ),
      ready: readySchema().optional(),
      delimiter: oneCharacter('a delimiter')
        .default(',')
        .describe('What separates fields. Default: a comma.'),
      quote: z
        .union([z.literal('none'), oneCharacter('a quote')], {
          error: 'must be one ASCII character, or none.',
        })
        .default('"')
        .describe('What quoted fields are put between, or none. Default: a double quote.'),
      encoding: z.enum(['utf-8', 'utf-16le', 'latin1']).default('utf-8'),
      header: z
        .array(text())
        .min(1)
        .superRefine((names, context) => {
          const repeated = names.find((name, index) => names.indexOf(name) !== index);
          if (repeated !== undefined) fail(context, `names "${repeated}" twice.`);
        })
        .optional()
        .describe('Column names, for files without a header line.'),
      final_newline: z
        .enum(['required', 'optional'])
        .default('required')
        .describe(
          'Whether a file whose last line does not end in a line break is taken as cut short. Default: required.',
        ),
    })
    .superRefine(checkInput, { when: isMapping })
    .describe('Where the rows come from.');
}

function isMapping({ value }: { value: unknown }): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What fields of `input` mean to each other; looked at whatever else is wrong with them. */
function checkInput(
  value: {
    csv?: string | undefined;
    query?: string | undefined;
    delimiter: string;
    quote: string;
    ready?: Partial<InputReady> | undefined;
  },
  context: z.RefinementCtx,
): void {
  if (value.csv === undefined && value.query === undefined) {
    fail(context, 'needs csv or query.', 'Write csv: <path>, or query: <SELECT …> for a database, or both.');
  }
  const { marker, rows, quiet, sql } = value.ready ?? {};
  if (value.csv === undefined && [marker, rows, quiet].some((each) => each !== undefined))
    fail(context, 'has ready.marker, ready.rows or ready.quiet without csv.', 'For a query write ready.sql.');
  if (value.query === undefined && sql !== undefined)
    fail(
      context,
      'has ready.sql without query.',
      'For a CSV file write ready.marker, ready.rows or ready.quiet.',
    );
  if (value.delimiter === value.quote) fail(context, 'has the same character as delimiter and quote.');
}

function oneCharacter(what: string) {
  return z.string().superRefine((value, context) => {
    // Printable ASCII and the tab: one byte in every supported encoding, and no part of a line break.
    if (/^[\t\x20-\x7e]$/.test(value)) return;
    const hint = value === '\\t' ? 'For a tab write "\\t" in double quotes.' : undefined;
    fail(context, `must be one ASCII character to be ${what}.`, hint);
  });
}

function features() {
  return z
    .record(text(), columnNames(), { error: 'must be a mapping from model inputs to columns.' })
    .describe(
      'Model input to source column, where the names differ; to a list of columns, where the input is a matrix.',
    );
}

function missingRule() {
  const fill = z.union([z.string(), z.number(), z.boolean()], {
    error: 'must be a text, a number, true or false.',
  });
  return z.strictObject({
    tokens: z
      .array(z.string())
      .default([])
      .describe('Texts that mean missing in this column. NULL and an empty field always do.'),
    then: z
      .union([fill, z.strictObject({ fill })], { error: 'must be nan, reject or a fill value.' })
      .default('reject')
      .transform((then, context): MissingRule['then'] => readAction(then, context))
      .describe(
        'nan (float inputs only), reject (the default), or the value to fill in; { fill: nan } for that very text.',
      ),
  });
}

function readAction(
  then: string | number | boolean | { fill: string | number | boolean },
  context: z.RefinementCtx,
): MissingRule['then'] {
  if (typeof then === 'object') return then;
  if (then === 'nan' || then === 'reject') return then;
  // A slip must not become a category that the model never saw.
  if (typeof then === 'string' && (then.toLowerCase() === 'nan' || nearest(then, ['reject']) !== undefined)) {
    return fail(
      context,
      `"${then}" is neither nan nor reject.`,
      `${didYouMean(then, ['nan', 'reject'], 'Write nan or reject.')} For that very text write { fill: ${yamlText(then)} }.`,
    );
  }
  return { fill: then };
}

function output() {
  return z
    .strictObject({
      table: z
        .string()
        .regex(
          TABLE,
          'must be letters, digits and "_", at most 63, beginning with none of the digits; schema.table too.',
        )
        .optional()
        .describe('Name of the predictions table. Default: <job>_predictions.'),
      format: z
        .enum(['parquet', 'arrow', 'csv'])
        .default('parquet')
        .describe('For destinations that are folders.'),
      columns: z
        .record(text(), text(), { error: 'must be a mapping from published names to outputs.' })
        .refine((columns) => Object.keys(columns).length > 0, 'must name a column.')
        .optional()
        .describe(
          'Published name to model output: label, probabilities[yes], variable. Default: every output.',
        ),
    })
    .describe('What is published.');
}
