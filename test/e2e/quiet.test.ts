import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CliResult } from '../helpers/cli.js';
import { filesBeneath, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** What cron mails: nothing of a run that succeeded, and of one that failed a page that a person can read. */
const LINES = 30;
const INPUT = `data-samples/churn/${SAMPLE_DATE}.csv`;
const JOB = 'jobs/churn.yaml';

let project: TestProject;
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

const run = (env: Record<string, string> = {}) =>
  project.startWith(env, 'run', 'churn', '--date', SAMPLE_DATE, '--quiet');

interface Failure {
  readonly code: number;
  /** What the page says went wrong. */
  readonly says: RegExp;
  /** May give environment variables. */
  readonly arrange: () => Promise<unknown>;
}

const spoilt = async (change: (lines: string[]) => string[]) =>
  project.write(INPUT, change((await project.read(INPUT)).trimEnd().split('\n')).join('\n') + '\n');

const FAILURES: Record<string, Failure> = {
  'rows that could not be scored': {
    code: 65,
    says: /500 rows of 500 rejected/,
    arrange: () =>
      spoilt(([header, ...rows]) => [header!, ...rows.map((row) => row.replace(/,\d+\.\d\d,/, ',x,'))]),
  },
  'keys that occur twice': {
    code: 65,
    says: /C-0000/,
    arrange: () => spoilt((lines) => [...lines, ...lines.slice(1, 200)]),
  },
  'no input': { code: 66, says: /does not exist/, arrange: () => rm(path.join(project.folder, INPUT)) },
  'a column that is gone': {
    code: 78,
    says: /tenure_months/,
    arrange: () => spoilt(([header, ...rows]) => [header!.replace('tenure_months', 'tenure'), ...rows]),
  },
  'a database that is away': {
    code: 75,
    says: /127\.0\.0\.1:1\b/,
    arrange: () =>
      project.edit('predawn.yaml', './predictions', 'postgres://scoring:hunter2@127.0.0.1:1/warehouse'),
  },
  'another artefact than was registered': {
    code: 76,
    says: /model\.onnx was changed/,
    arrange: async () => {
      const files = await filesBeneath(path.join(project.folder, 'registry'));
      await project.write(
        path.join(
          'registry',
          files.find((file) => file.endsWith('.onnx'))!,
        ),
        'no model',
      );
    },
  },
  'many problems in a job file': {
    code: 78,
    says: /line \d+/,
    arrange: async () => {
      for (const key of [
        'timezone',
        'schedule',
        'key',
        'min_rows',
        'rejects',
        'query',
        'table',
        'churn_probability',
      ])
        await project.edit(JOB, new RegExp(`\\b${key}:`), `${key}s_:`);
    },
  },
  'a bug': {
    code: 70,
    says: /planted/,
    arrange: async () => {
      await project.write(
        'planted.mjs',
        `import fs from 'node:fs/promises'; import { syncBuiltinESMExports } from 'node:module';
         fs.link = () => { throw new TypeError('planted'); }; syncBuiltinESMExports();`,
      );
      return { NODE_OPTIONS: `--import=${path.join(project.folder, 'planted.mjs')}` };
    },
  },
};

describe('under --quiet', () => {
  it('a run that publishes writes nothing, and neither does one that has nothing to do', async () => {
    const nothing = { code: 0, stdout: '', stderr: '' };
    expect(await run().finished).toMatchObject(nothing);
    expect(await run().finished).toMatchObject(nothing);
  });

  it('a run that waits for its input and is told to stop says so on one page', async () => {
    await project.edit(JOB, 'input:', 'input:\n  ready: { wait: 1h }');
    await rm(path.join(project.folder, INPUT));
    const waiting = run({ PREDAWN_LOG_LEVEL: 'info' });
    await waiting.wrote(/"msg":"waiting/);
    waiting.child.kill('SIGTERM');
    const { code, stdout, stderr } = await waiting.finished;
    expectPage({ code, stdout, stderr: stderr.replace(/^\{.*\n/gm, '') }, 143);
  });

  it.each(Object.entries(FAILURES))('%s: one readable page', async (_, { code, says, arrange }) => {
    const env = (await arrange()) as Record<string, string> | undefined;
    const result = await run(env).finished;
    expect(result.stderr).toMatch(says);
    expectPage(result, code);
  });
});

function expectPage(
  { code, stdout, stderr }: Pick<CliResult, 'code' | 'stdout' | 'stderr'>,
  expected: number,
): void {
  expect({ code, stdout }).toEqual({ code: expected, stdout: '' });
  const [headline] = stderr.split('\n');
  expect(headline).toMatch(/^predawn: /);
  // Whose run it was is seen of a mail before it is opened.
  expect(headline).toContain('churn');
  expect(headline).toContain(SAMPLE_DATE);
  // The last line says what a scheduler is told, too.
  expect(stderr).toMatch(new RegExp(`\\n {2}[\\w.]+, exit ${expected}\\n$`));
  expect(stderr).toMatch(/^ +hint: \S/m);
  expect(stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(LINES);
  // No JSON, no stack, no colour, no secret.
  // eslint-disable-next-line no-control-regex -- a mail shows the codes of colours as garbage
  expect(stderr).not.toMatch(/^\s*[{[]|^\s+at |node:internal|\x1b|hunter2/m);
}
