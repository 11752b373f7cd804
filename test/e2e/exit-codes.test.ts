import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { filesBeneath, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** One real process per exit code; that 74 is told apart from success is tested with the Postgres publication. */
let project: TestProject;
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

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
    expect(await published()).toEqual([`as_of=${SAMPLE_DATE}/predictions.parquet`]);
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

  it('65: a row without a needed value, with the row kept and nothing published', async () => {
    await project.edit(
      `data-samples/churn/${SAMPLE_DATE}.csv`,
      /^(C-\d+,(?:"(?:[^"]|"")*"|[^,]*),)[^,]+,/m,
      '$1,',
    );
    const csv = await project.read(`data-samples/churn/${SAMPLE_DATE}.csv`);
    const lines = csv.split('\n');
    const fields = lines[1]!.split(',');
    expect(fields.length).toBeGreaterThan(20);
    const { code, stderr } = await run();
    expect(code).toBe(65);
    expect(stderr).toContain('gate.rejects');
    expect(await published()).toEqual([]);
  });

  it('66: no input for the date, naming the newest there is', async () => {
    const { code, stderr } = await project.run('run', 'churn', '--date', '2026-11-10');
    expect(code).toBe(66);
    expect(stderr).toContain('2026-11-10.csv');
    expect(stderr).toContain(SAMPLE_DATE);
  });

  it('70: a bug of ours, with its stack', async () => {
    const { code, stderr } = await project.run('run', 'churn', '--date', SAMPLE_DATE, '--config', '\0');
    expect([70, 78]).toContain(code);
    expect(stderr).toContain('predawn:');
  });

  it('75: the date is being scored by another process', async () => {
    await project.edit('predawn.yaml', './predictions', './elsewhere');
    await mkdir(path.join(project.folder, 'elsewhere'));
    const first = project.start('run', 'churn', '--date', SAMPLE_DATE);
    await first.logged('started');
    const second = await run();
    const { code } = await first.finished;
    expect(code).toBe(0);
    // The first may have finished before the second asked.
    expect([0, 75]).toContain(second.code);
  });

  it('76: the artefact’s bytes are not those that were registered', async () => {
    const model = 'registry/churn/1/model.onnx';
    await rm(path.join(project.folder, model));
    await writeFile(path.join(project.folder, model), 'not the model');
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

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s before publishing: %i', async (signal, code) => {
    const running = project.start('run', 'churn', '--date', SAMPLE_DATE);
    await running.logged('started');
    running.child.kill(signal);
    const result = await running.finished;
    // It may have published already: then 0 is the truth.
    const slices = await published();
    expect(result.code).toBe(slices.length === 0 ? code : 0);
  });

  it('is documented', () => {
    expect(EXIT_CODES.map(({ code }) => code)).toEqual([0, 64, 65, 66, 70, 74, 75, 76, 78, 130, 143]);
  });
});
