import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesBeneath, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** One real process per exit code; 74 is in unresolved.test.ts, where a connection is cut. */
let project: TestProject;
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

const SLICE = [`as_of=${SAMPLE_DATE}/predictions.parquet`];
const published = () => filesBeneath(path.join(project.folder, 'predictions/churn_predictions'));
const run = (...args: string[]) => project.run('run', 'churn', '--date', SAMPLE_DATE, ...args);

describe('exit code', () => {
  it('0: published, and again for the same input', async () => {
    const first = await run('--json');
    expect(first).toMatchObject({ code: 0 });
    expect(JSON.parse(first.stdout)).toMatchObject({
      outcome: 'published',
      rows: { read: 500, scored: 500, rejected: 0 },
    });
    const again = await run();
    expect(again).toMatchObject({ code: 0 });
    expect(again.stdout).toContain('already published');
    expect(await published()).toEqual(SLICE);
  });

  it.each([
    ['an unknown option', ['run', 'churn', '--dat', SAMPLE_DATE], '--date'],
    ['a missing argument', ['run'], 'job'],
    ['a date that is none', ['run', 'churn', '--date', '2026-02-30'], '2026-02-30'],
    ['a date that is not over', ['run', 'churn', '--date', '2999-01-01'], 'not over yet'],
    ['an unknown command', ['rnu'], 'run'],
  ])('64: %s', async (_, args, said) => {
    const result = await project.run(...args);
    expect(result).toMatchObject({ code: 64, stdout: '' });
    expect(result.stderr).toContain(said);
  });

  it('65: a row that cannot be scored, kept with its line, and nothing published', async () => {
    const file = `data-samples/churn/${SAMPLE_DATE}.csv`;
    const lines = (await project.read(file)).split('\n');
    const key = lines[3]!.split(',')[0]!;
    lines[3] = [key, ...Array<string>(22).fill('x')].join(',');
    await project.write(file, lines.join('\n'));
    const { code, stderr } = await run('--report', 'report.json');
    expect(code).toBe(65);
    expect(stderr).toContain('1 row of 500 rejected');
    expect(stderr).toContain('line 4');
    expect(JSON.parse(await project.read('report.json'))).toMatchObject({
      exit_code: 65,
      error: { code: 'gate.rejects' },
    });
    expect(await published()).toEqual([]);
    const rejects = (await filesBeneath(project.folder)).filter((name) => name.includes('rejects/'));
    expect(rejects).toHaveLength(1);
    expect(await project.read(rejects[0]!)).toContain(key);
  });

  it('66: no input for the date, naming the newest there is', async () => {
    const { code, stderr } = await project.run('run', 'churn', '--date', '2026-11-10');
    expect(code).toBe(66);
    expect(stderr).toContain('2026-11-10.csv');
    expect(stderr).toContain(SAMPLE_DATE);
  });

  it('75: another process is scoring the date', async () => {
    const first = project.start('run', 'churn', '--date', SAMPLE_DATE);
    await first.logged('started');
    first.child.kill('SIGSTOP');
    const second = await run();
    first.child.kill('SIGCONT');
    expect(second.code).toBe(75);
    expect(second.stderr).toContain('lock.held');
    expect(second.stderr).toContain(String(first.child.pid));
    expect((await first.finished).code).toBe(0);
    expect(await published()).toEqual(SLICE);
  });

  it('76: the artefact’s bytes are not those that were registered', async () => {
    const model = path.join(project.folder, 'registry/churn/1/model.onnx');
    await rm(model);
    await writeFile(model, 'not the model');
    const { code, stderr } = await run();
    expect(code).toBe(76);
    expect(stderr).toContain('artefact.digest');
  });

  it('78: everything that is wrong in a job file, at once', async () => {
    await project.edit('jobs/churn.yaml', 'timezone: Europe/London', 'timezon: Europe/London');
    await project.edit('jobs/churn.yaml', 'min_rows: 1', 'min_rows: many');
    const { code, stderr } = await run();
    expect(code).toBe(78);
    expect(stderr).toContain('timezone');
    expect(stderr).toContain('min_rows');
  });

  it('0: help that was asked for', async () => {
    for (const args of [['--help'], ['help'], ['help', 'run'], ['model', 'help', 'add'], ['--version']]) {
      expect(await project.run(...args), args.join(' ')).toMatchObject({ code: 0, stderr: '' });
    }
    expect(await project.run('model')).toMatchObject({ code: 64 });
  });

  it('78: a dry run that has nowhere to stage', async () => {
    const args = ['run', 'churn', '--date', SAMPLE_DATE, '--dry-run'];
    const result = await project.startWith({ TMPDIR: path.join(project.folder, 'nowhere') }, ...args)
      .finished;
    expect(result.code).toBe(78);
    expect(result.stderr).toContain('TMPDIR');
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s before publishing: %i', async (signal, code) => {
    const running = project.start('run', 'churn', '--date', SAMPLE_DATE);
    await running.logged('started');
    // Stopped first: both signals are there when it goes on.
    running.child.kill('SIGSTOP');
    running.child.kill(signal);
    running.child.kill('SIGCONT');
    const result = await running.finished;
    const slices = await published();
    // The sample is small: it may have been published by the time the log line was read. Then 0 is the truth.
    expect(result.code).toBe(slices.length === 0 ? code : 0);
  });
});

describe('exit code 70, for bugs', () => {
  /** Runs with a module loaded first, in the main thread and in every worker. */
  async function runWith(source: string) {
    await project.write('planted.mjs', source);
    await project.edit('predawn.yaml', 'workers: 2', 'workers: 2\nblock_bytes: 16384');
    const env = { NODE_OPTIONS: `--import=${path.join(project.folder, 'planted.mjs')}` };
    return project.startWith(env, 'run', 'churn', '--date', SAMPLE_DATE).finished;
  }

  it('a scoring thread that dies', async () => {
    const { code, stderr } = await runWith(
      `import { isMainThread } from 'node:worker_threads'; if (!isMainThread) process.exit(3);`,
    );
    expect(code).toBe(70);
    expect(stderr).toContain('worker.died');
    expect(await published()).toEqual([]);
  });

  it('a promise that never settles', async () => {
    const { code, stderr } = await runWith(
      `import fs from 'node:fs/promises'; import { syncBuiltinESMExports } from 'node:module';
       fs.link = () => new Promise(() => {}); syncBuiltinESMExports();`,
    );
    expect(code).toBe(70);
    expect(stderr).toContain('ended before its work was done');
    expect(await published()).toEqual([]);
  });

  it('a rejection that nobody handles', async () => {
    const { code, stderr } = await runWith(
      `import fs from 'node:fs/promises'; import { syncBuiltinESMExports } from 'node:module';
       const { link } = fs; fs.link = (...args) => { Promise.reject(new Error('planted')); return link(...args); };
       syncBuiltinESMExports();`,
    );
    expect(code).toBe(70);
    expect(stderr).toContain('planted');
  });
});
