import { createHash } from 'node:crypto';
import { readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { listJobs, loadJob } from '../../src/config/jobs.js';
import { findSettings, loadSettings } from '../../src/config/settings.js';
import { PredawnError } from '../../src/domain/errors.js';
import { loadJobText, withProject } from './load-job-text.js';
import { problemsOf } from './problems.js';

const MINIMAL = 'model: m\ntimezone: UTC\ninput: { csv: "{date}.csv" }\nkey: id\n';

const problems = (text: string) => problemsOf(loadJobText('churn', text));

describe('the job of this project', () => {
  const root = fileURLToPath(new URL('../..', import.meta.url));

  it('loads in every environment', async () => {
    const variables = {
      PREDAWN_SOURCE_URL: 'postgres://reader@localhost/customers',
      PREDAWN_DESTINATION_URL: 'postgres://writer@localhost/predictions',
    };
    const file = await findSettings(path.join(root, 'jobs'));
    expect(file).toBe(path.join(root, 'predawn.yaml'));
    const { environments } = await loadSettings({ path: file, variables: {}, cores: 2 });
    expect(environments).toEqual(['dev', 'staging', 'production']);
    for (const environment of environments) {
      const settings = await loadSettings({ path: file, environment, variables, cores: 2 });
      for (const name of await listJobs(settings)) await loadJob(settings, name);
      expect(await loadJob(settings, 'churn')).toMatchObject({
        key: ['customer_id'],
        output: {
          table: 'churn_predictions',
          columns: { churn_probability: 'probabilities[yes]', churn: 'label' },
        },
      });
    }
  });

  it('speaks of columns that the sample has', async () => {
    const settings = await loadSettings({ path: path.join(root, 'predawn.yaml'), variables: {}, cores: 2 });
    const job = await loadJob(settings, 'churn');
    const sample = path.join(root, job.input.csv!.path.replace('{date}', '2026-11-20'));
    const [header = ''] = (await readFile(sample, 'utf8')).split('\n');
    expect(header.split(',')).toEqual(expect.arrayContaining([...job.key, ...Object.keys(job.missing)]));
  });
});

describe('loadJob', () => {
  it('reads how far a schedule catches up', async () => {
    const text = `${MINIMAL}schedule: { cron: "@daily", catch_up: 14d, input_deadline: 90m }\n`;
    const { schedule } = await loadJobText('churn', text);
    expect(schedule).toEqual({ cron: '@daily', catchUpDays: 14, inputDeadline: 5_400_000 });
  });

  it('fills in the defaults', async () => {
    expect(await loadJobText('churn-2', MINIMAL)).toEqual({
      name: 'churn-2',
      path: 'jobs/churn-2.yaml',
      digest: `sha256:${createHash('sha256').update(MINIMAL).digest('hex')}`,
      model: 'm',
      schedule: undefined,
      timezone: 'UTC',
      input: {
        csv: {
          path: '{date}.csv',
          delimiter: ',',
          quote: '"',
          encoding: 'utf-8',
          header: undefined,
          finalNewline: 'required',
        },
        query: undefined,
      },
      key: ['id'],
      features: {},
      missing: {},
      output: { table: 'churn_2_predictions', format: 'parquet', columns: undefined },
      limits: { rejects: { count: 0 }, inexactIntegers: { count: 0 }, minRows: 1 },
    });
  });

  it('reads everything that a job can say', async () => {
    const text = `
model: income
schedule: "30 5 * * MON-FRI"
timezone: America/New_York
input:
  csv: data/{date}.csv.gz
  query: |
    select * from people
    where as_of = :date
  delimiter: "\\t"
  quote: none
  encoding: latin1
  header: [id, a, b]
  final_newline: optional
key: [id, a]
features:
  education_num: education-num
  input: [a, b]
missing:
  a: { tokens: ["NA", " "], then: nan }
  b: { then: reject }
  c: {}
  d: { then: 0 }
  e: { then: unknown }
  f: { then: true }
  g: { tokens: [], then: { fill: nan } }
output:
  table: marts.income
  format: csv
  columns: { risk: "probabilities[>50K]" }
limits: { rejects: 0.1%, inexact_integers: 12, min_rows: 5 }
`;
    expect(await loadJobText('income', text)).toMatchObject({
      schedule: { cron: '30 5 * * MON-FRI', catchUpDays: 7, inputDeadline: 12 * 3_600_000 },
      timezone: 'America/New_York',
      input: {
        csv: {
          path: 'data/{date}.csv.gz',
          delimiter: '\t',
          quote: undefined,
          encoding: 'latin1',
          header: ['id', 'a', 'b'],
          finalNewline: 'optional',
        },
        query: 'select * from people\nwhere as_of = :date\n',
      },
      key: ['id', 'a'],
      features: { education_num: 'education-num', input: ['a', 'b'] },
      missing: {
        a: { tokens: ['NA', ' '], then: 'nan' },
        b: { tokens: [], then: 'reject' },
        c: { tokens: [], then: 'reject' },
        d: { tokens: [], then: { fill: 0 } },
        e: { tokens: [], then: { fill: 'unknown' } },
        f: { tokens: [], then: { fill: true } },
        g: { tokens: [], then: { fill: 'nan' } },
      },
      output: { table: 'marts.income', format: 'csv', columns: { risk: 'probabilities[>50K]' } },
      limits: { rejects: { share: 0.001 }, inexactIntegers: { count: 12 }, minRows: 5 },
    });
  });

  it('reports every problem at once, in the order of the file', async () => {
    const text = `modle: churn
schedule: "0 25 * * *"
timezone: Europe/Lodnon
input:
  csv: data/{day}.csv
  delimiter: "|"
  quote: "|"
  encodng: utf8
  encoding: utf8
key: [id, id]
missing:
  a: { tokens: [NULL, 999], then: NaN }
  b: { then: rejct }
output:
  table: my-table
limits: { rejects: 0.001, min_rows: -1 }
`;
    expect(await problems(text)).toEqual([
      'jobs/churn.yaml, line 1, column 1: model is missing.',
      'jobs/churn.yaml, line 1, column 1: unknown key "modle". Did you mean "model"?',
      expect.stringMatching(
        /line 2, column 11: schedule "0 25 \* \* \*" is not a cron expression\. Write minute/,
      ),
      'jobs/churn.yaml, line 3, column 11: timezone "Europe/Lodnon" is not an IANA time zone. Did you mean Europe/London?',
      'jobs/churn.yaml, line 5, column 3: input has the same character as delimiter and quote.',
      expect.stringContaining(
        'line 5, column 8: input.csv has an unknown placeholder {day}. The only one is {date}',
      ),
      'jobs/churn.yaml, line 8, column 3: unknown key "encodng" under input. Did you mean "encoding"?',
      'jobs/churn.yaml, line 9, column 13: input.encoding must be one of utf-8, utf-16le, latin1. Did you mean utf-8?',
      'jobs/churn.yaml, line 10, column 6: key lists "id" twice.',
      'jobs/churn.yaml, line 12, column 17: missing.a.tokens[0] must be text, not empty. Write it in quotes.',
      'jobs/churn.yaml, line 12, column 23: missing.a.tokens[1] must be text, not the number 999. Write it in quotes.',
      'jobs/churn.yaml, line 12, column 35: missing.a.then "NaN" is neither nan nor reject. Did you mean "nan"? For that very text write { fill: "NaN" }.',
      'jobs/churn.yaml, line 13, column 14: missing.b.then "rejct" is neither nan nor reject. Did you mean "reject"? For that very text write { fill: rejct }.',
      expect.stringContaining('line 15, column 10: output.table must be'),
      expect.stringContaining(
        'line 16, column 20: limits.rejects must be a count of rows such as 10, or a share such as 0.1%. A share is written with %, for example 0.1%.',
      ),
      'jobs/churn.yaml, line 16, column 37: limits.min_rows must be at least 1.',
    ]);
  });

  it.each([
    ['an unclosed quote', 'model: "m\n', /^jobs\/churn\.yaml, line \d+, column \d+: Missing closing "quote/],
    ['a star without quotes', `${MINIMAL}schedule: * 6 * * *\n`, /line 5, column 11: .*need quotes/],
    ['a tab as indent', 'input:\n\tcsv: x\n', /line 2, column 1/],
    ['two documents', `${MINIMAL}---\n${MINIMAL}`, /line 5, column 1/],
    [
      'a tag of somebody',
      MINIMAL.replace('key: id', 'key: !env id'),
      /line 4, column 6: Unresolved tag: !env/,
    ],
  ])('names the place of %s', async (_, text, message) => {
    expect((await problems(text)).join('\n')).toMatch(message);
  });

  it('reports keys that are there twice together with what else is wrong', async () => {
    expect(await problems(`${MINIMAL}model: again\ncolour: red\n`)).toEqual([
      'jobs/churn.yaml, line 5, column 1: model is there twice. Remove one of both.',
      expect.stringContaining(
        'line 6, column 1: unknown key "colour". Keys there are: model, schedule, timezone, input',
      ),
    ]);
  });

  it.each([
    ['an empty file', '', 'line 1, column 1: model is missing.'],
    ['a list', '- a\n', 'The file must be a mapping (key: value), not a list.'],
    ['a text', 'churn\n', 'The file must be a mapping (key: value), not text.'],
    [
      'a key without value',
      MINIMAL.replace('model: m', 'model:'),
      'line 1, column 7: model must be text, not empty.',
    ],
    [
      'an input without source',
      MINIMAL.replace('csv: "{date}.csv"', ''),
      'line 3, column 8: input needs csv or query.',
    ],
    ['an empty key', MINIMAL.replace('key: id', 'key: []'), 'key must not be empty.'],
    [
      'a number as key',
      MINIMAL.replace('key: id', 'key: 7'),
      'line 4, column 6: key must be a column name, or a list of them.',
    ],
    [
      'a wide delimiter',
      MINIMAL.replace('input: {', 'input: { delimiter: "¦",'),
      'must be one ASCII character to be a delimiter.',
    ],
    [
      'a line break as quote',
      MINIMAL.replace('input: {', 'input: { quote: "\\n",'),
      'must be one ASCII character to be a quot',
    ],
    [
      'a tab in single quotes',
      MINIMAL.replace('input: {', "input: { delimiter: '\\t',"),
      'For a tab write "\\t" in double quotes.',
    ],
    [
      'a header name twice',
      MINIMAL.replace('input: {', 'input: { header: [a, b, a],'),
      'input.header names "a" twice.',
    ],
    ['no output columns', `${MINIMAL}output: { columns: {} }\n`, 'output.columns must name a column.'],
    [
      'days of the month and of the week',
      `${MINIMAL}schedule: "0 6 1 * 1"\n`,
      'names both days of the month and days of the week',
    ],
    [
      'half a day to catch up',
      `${MINIMAL}schedule: { cron: "@daily", catch_up: 12h }\n`,
      'must be whole days',
    ],
    [
      'a slip in a schedule',
      `${MINIMAL}schedule: { cron: "@daily", catchup: 3d }\n`,
      'Did you mean "catch_up"?',
    ],
    ['a duration without a unit', `${MINIMAL}schedule: { cron: "@daily", catch_up: 7 }\n`, 'catch_up (7d)'],
    ['seconds in a schedule', `${MINIMAL}schedule: "0 0 6 * * *"\n`, 'is not a cron expression.'],
    ['an offset as time zone', MINIMAL.replace('UTC', '"+01:00"'), '"+01:00" is not an IANA time zone.'],
    [
      'more than everything rejected',
      `${MINIMAL}limits: { rejects: 101% }\n`,
      'limits.rejects must be a count of rows',
    ],
    [
      'a gate that does neither',
      `${MINIMAL}gates: { constant_scores: { action: stop } }\n`,
      'must be warn or block.',
    ],
    [
      'a ceiling of rows below the usual',
      `${MINIMAL}gates: { row_count: { at_most: 90% } }\n`,
      'gates.row_count.at_most must be a share of the usual rows of 100% or more',
    ],
    [
      'a gate without a limit',
      `${MINIMAL}gates: { missing: {} }\n`,
      'gates.missing needs at_most or columns.',
    ],
    ['an unknown gate', `${MINIMAL}gates: { row_counts: {} }\n`, 'Did you mean "row_count"?'],
    [
      'an unknown key in a rule',
      `${MINIMAL}missing: { a: { token: [x] } }\n`,
      'unknown key "token" under missing.a. Did you mean "tokens"?',
    ],
    [
      'an unknown key in a fill',
      `${MINIMAL}missing: { a: { then: { fil: 1 } } }\n`,
      'missing.a.then must be nan, reject or a fill value.',
    ],
  ])('refuses %s', async (_, text, message) => {
    expect((await problems(text)).join('\n')).toContain(message);
  });

  it('reads gates, which block unless they are to warn', async () => {
    const gates =
      'gates: { row_count: {}, constant_scores: { action: warn }, missing: { columns: { a: 2.5% } } }';
    expect((await loadJobText('churn', `${MINIMAL}${gates}\n`)).gates).toEqual({
      row_count: { action: 'block', at_least: 0.5 },
      constant_scores: { action: 'warn' },
      missing: { action: 'block', columns: { a: 0.025 } },
    });
    const most = 'gates: { row_count: { at_least: 80%, at_most: 250% } }';
    expect((await loadJobText('churn', `${MINIMAL}${most}\n`)).gates).toEqual({
      row_count: { action: 'block', at_least: 0.8, at_most: 2.5 },
    });
  });

  it('follows anchors to the place of a problem', async () => {
    const text = `${MINIMAL}missing:\n  a: &rule { tokens: [1] }\n  b: *rule\n`;
    expect(await problems(text)).toEqual([
      expect.stringContaining('line 6, column 23: missing.a.tokens[0]'),
      expect.stringContaining('line 6, column 23: missing.b.tokens[0]'),
    ]);
  });

  it('takes any text for a token, a column or a class, once it is quoted', async () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(text, text, async (column, token) => {
        fc.pre(column !== '__proto__');
        const rules = { missing: { [column]: { tokens: [token], then: 'nan' } } };
        const job = await loadJobText('churn', MINIMAL + stringify(rules));
        expect(job.missing[column]).toEqual({ tokens: [token], then: 'nan' });
      }),
      { numRuns: 50 },
    );
  });

  it('takes __proto__ for a text, not for a name', async () => {
    const asToken = `${MINIMAL}missing:\n  a: { tokens: [__proto__], then: { fill: __proto__ } }\n`;
    expect((await loadJobText('churn', asToken)).missing['a']).toEqual({
      tokens: ['__proto__'],
      then: { fill: '__proto__' },
    });
    const asName = `${MINIMAL}features:\n  a: __proto__\n`;
    await expect(loadJobText('churn', asName)).rejects.toMatchObject({ code: 'yaml.name' });
  });

  it('never throws anything but a configuration error, whatever the file holds', async () => {
    const fragments = fc.constantFrom(
      'model: ',
      'key',
      ': ',
      '\n',
      '  ',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&a ',
      '*a',
      '"',
      '!x',
      '0',
      '#',
      '|',
      '? ',
      'input:\n',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fragments, { maxLength: 12 }), async (parts) => {
        const error: unknown = await loadJobText('churn', parts.join('')).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(PredawnError);
        expect((error as PredawnError).kind).toBe('configuration');
      }),
      { numRuns: 150 },
    );
  });

  it('refuses bytes that are not UTF-8', async () => {
    const bytes = Buffer.from(`${MINIMAL}# caf\xe9\n`, 'latin1');
    expect(await problemsOf(loadJobText('churn', bytes))).toEqual([
      'jobs/churn.yaml is not UTF-8 text. Save it as UTF-8.',
    ]);
  });
});

describe('the folder of job files', () => {
  it('lists its jobs, and suggests one of them', async () => {
    await withProject(async (_, settings) => {
      for (const file of ['churn.yaml', 'income.yaml', 'notes.txt', '.hidden.yaml', 'old.yml']) {
        await writeFile(path.join(settings.jobs, file), MINIMAL);
      }
      expect(await listJobs(settings)).toEqual(['churn', 'income']);
      expect(await problemsOf(loadJob(settings, 'chrun'))).toEqual([
        `There is no job "chrun" in ${settings.jobs}. Did you mean "churn"?`,
      ]);
      expect(await problemsOf(loadJob(settings, 'jobs/churn.yaml'))).toEqual([
        `There is no job "jobs/churn.yaml" in ${settings.jobs}. Did you mean "churn"?`,
      ]);
      expect(await problemsOf(loadJob(settings, 'zzz'))).toEqual([
        `There is no job "zzz" in ${settings.jobs}. Jobs there are: churn, income.`,
      ]);
    });
  });

  it('is not left by names or links', async () => {
    await withProject(async (root, settings) => {
      await writeFile(path.join(root, 'outside.yaml'), MINIMAL);
      await symlink(path.join(root, 'outside.yaml'), path.join(settings.jobs, 'linked.yaml'));
      for (const name of ['../outside', 'x/../../outside', path.join(root, 'outside'), '', '.', '..']) {
        expect((await problemsOf(loadJob(settings, name)))[0]).toContain('There is no job');
      }
      expect((await problemsOf(loadJob(settings, 'linked')))[0]).toContain('leads out of the folder');
    });
  });

  it('may hold links to its own files, as mounted configuration does', async () => {
    await withProject(async (_, settings) => {
      await writeFile(path.join(settings.jobs, '.data'), MINIMAL);
      await symlink('.data', path.join(settings.jobs, 'churn.yaml'));
      expect((await loadJob(settings, 'churn')).model).toBe('m');
    });
  });

  it('is named where it is not there', async () => {
    await withProject(async (root, settings) => {
      const elsewhere = { ...settings, jobs: path.join(root, 'nowhere') };
      expect((await problemsOf(listJobs(elsewhere)))[0]).toContain('nowhere');
      expect((await problemsOf(loadJob(elsewhere, 'churn')))[0]).toContain('nowhere');
    });
  });
});
