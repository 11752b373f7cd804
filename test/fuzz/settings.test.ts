import { inspect } from 'node:util';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { parse, stringify } from 'yaml';
import { parseJob } from '../../src/config/jobs.js';
import { loadNotify, loadSettings } from '../../src/config/settings.js';
import { PredawnError } from '../../src/domain/errors.js';
import { eachCase, report, TIMES, timeoutFor } from './cases.js';
import { mutated } from './mutations.js';
import type { Random } from './random.js';

/** Job files and settings: read, or refused with a place in the file; never a crash, whatever is in them. */
const CASES = 400;

const JOB = {
  model: 'churn',
  schedule: { cron: '0 6 * * *', catch_up: '3 days', input_deadline: '2 hours' },
  timezone: 'Europe/London',
  input: {
    csv: 'in/{date}.csv',
    delimiter: ',',
    quote: '"',
    encoding: 'utf-8',
    query: 'select 1',
    header: ['a'],
  },
  key: ['a', 'b'],
  features: { x: 'column', y: { column: 'z' } },
  missing: { x: { tokens: ['NA'], then: 'nan' }, y: { then: 0 } },
  output: { table: 't', format: 'parquet', columns: { p: 'probabilities[yes]', l: 'label' } },
  gates: { rows: { against: 'weekday', within: '20%' }, constant: 'warn', missing: { x: '5%' } },
  limits: { rejects: '0.1%', inexact_integers: 0, min_rows: 1 },
};
const SETTINGS = {
  registry: './registry',
  cache: './cache',
  jobs: './jobs',
  workers: 2,
  block_bytes: '1MiB',
  environments: {
    dev: { destination: './out', source: '.', retain: 3 },
    production: {
      ...{ destination: '${URL}', after: 'dev', gate: { input: 'live', psi: 0.2, rows: 100 } },
      canary: { max_difference: 0.1 },
      notify: {
        healthchecks: { url: 'https://hc-ping.com/x/{job}', exit_status: true },
        webhooks: [{ url: '${URL}', format: 'slack', on: ['failure'], headers: { a: 'b' } }],
        prometheus: { textfile: './m', pushgateway: 'http://x' },
        openlineage: { url: 'http://x', api_key: '${KEY:-none}', file: './l', namespace: 'n' },
        opentelemetry: { endpoint: 'http://x', headers: { a: 'b' } },
      },
    },
  },
};

/** Two that are right, so that some of what is made of them is read. */
const SAMPLE_JOB = parse(readFileSync(path.join(REPOSITORY, 'jobs/churn.yaml'), 'utf8')) as object;
const FEW_SETTINGS = {
  ...{ registry: './registry', workers: 2 },
  environments: { dev: { destination: './out', retain: 3, notify: { prometheus: { textfile: './m' } } } },
};

/** YAML of it, now and then with the text itself spoilt. */
function written(random: Random, value: unknown): string {
  const text = stringify(value);
  switch (random.below(8)) {
    case 0: {
      const at = random.below(text.length + 1);
      const soup = random.pick([
        '\t',
        ': ',
        '- ',
        '&a ',
        '*a',
        '!!js/function "x"',
        '%',
        '{',
        '"',
        '#',
        '|',
        '<<: *a',
        '\0',
        '---\n',
      ]);
      return text.slice(0, at) + soup + text.slice(at);
    }
    case 1: {
      const at = random.below(text.length + 1);
      return text.slice(0, at) + text.slice(at + random.below(20));
    }
    default:
      return text;
  }
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predawn-fuzz-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const places = (error: PredawnError): string[] =>
  error.problems.length > 0 ? error.problems.flatMap(places) : [error.message];

/** Whether it was read; throws for anything but a refusal that says where in the file it is. */
async function isRead(file: string, text: string, read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    const refused = error instanceof PredawnError && error.kind === 'configuration';
    const where = new RegExp(`${file}(, line \\d+, column \\d+)?`);
    if (refused && places(error).every((message) => where.test(message))) return false;
    throw new Error(inspect({ text, error }, false, 4), { cause: error });
  }
}

it(`${CASES} job files are read or refused with a place`, { timeout: timeoutFor(20) }, async () => {
  let read = 0;
  await eachCase('job files', CASES, async (random) => {
    const text = written(random, mutated(random, random.pick([JOB, SAMPLE_JOB])));
    if (await isRead('job.yaml', text, () => parseJob('churn', Buffer.from(text), 'job.yaml'))) read++;
  });
  report('job files', CASES * TIMES);
  expect(read).toBeGreaterThan(0);
  expect(({} as Record<string, unknown>)['model']).toBeUndefined();
});

it(`${CASES} settings are read or refused with a place`, { timeout: timeoutFor(20) }, async () => {
  let read = 0;
  const file = path.join(folder, 'predawn.yaml');
  await eachCase('settings', CASES, async (random) => {
    const text = written(random, mutated(random, random.pick([SETTINGS, FEW_SETTINGS])));
    await writeFile(file, text);
    const variables = { URL: random.pick(['postgres://u@h/d', './out', undefined]), HOME: folder };
    const environment = random.pick(['dev', 'production', undefined]);
    const request = { path: file, environment, variables, cores: 2 };
    const isUnknown = (error: unknown) =>
      error instanceof PredawnError && error.code === 'environment.unknown';
    const load = () =>
      loadSettings(request).catch((error: unknown) => {
        if (!isUnknown(error)) throw error;
      });
    if (await isRead('predawn.yaml', text, load)) read++;
    // Read from whatever there is, and never an error.
    await loadNotify(request);
  });
  report('settings', CASES * TIMES);
  expect(read).toBeGreaterThan(0);
  expect(({} as Record<string, unknown>)['registry']).toBeUndefined();
});
