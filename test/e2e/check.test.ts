import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runInProcess } from '../helpers/in-process.js';
import { sampleProject, succeed, type TestProject } from '../helpers/project.js';

/** The sample has input for 2026-11-19 to 2026-11-21; "now" is the morning after, in London. */
const MORNING = new Date('2026-11-22T07:00:00Z');
let project: TestProject;
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

const at = (now: Date, ...args: string[]) => runInProcess(args, { cwd: project.folder, now });
const check = (...args: string[]) => at(MORNING, 'check', ...args);
const backfill = (to: string) =>
  succeed(project, 'backfill', 'churn', '--from', '2026-11-19', '--to', to, '--quiet');

describe('predawn check', () => {
  it('0 while the newest slice is there, 69 once it should be and is not', async () => {
    expect(await check('--by', '07:00')).toMatchObject({ code: 69 });
    await backfill('2026-11-21');
    const well = await check('--by', '07:00');
    expect(well).toMatchObject({ code: 0, stderr: '' });
    expect(well.stdout).toBe('✓ churn 2026-11-21 is published, 500 rows\n');
    expect(await check('--quiet')).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const tomorrow = await at(new Date('2026-11-23T07:00:00Z'), 'check', 'churn', '--json');
    expect(tomorrow.code).toBe(69);
    expect(JSON.parse(tomorrow.stdout)).toMatchObject({
      exit_code: 69,
      error: { code: 'check.missing' },
      checks: [{ job: 'churn', as_of: '2026-11-22', state: 'missing', deadline: '2026-11-23T07:00:00.000Z' }],
    });
    expect(tomorrow.stderr).toContain('predawn run churn --date 2026-11-22');
  });

  it('names the failure of a run that failed, and the half that is missing', async () => {
    await backfill('2026-11-20');
    const file = path.join(project.folder, 'data-samples/churn/2026-11-21.csv');
    const whole = await readFile(file, 'utf8');
    await project.write('data-samples/churn/2026-11-21.csv', whole.replace('customer_id', 'customer'));
    await project.run('run', 'churn', '--date', '2026-11-21');
    expect(await check()).toMatchObject({ code: 69 });
    const lines = whole.split('\n');
    await project.write('data-samples/churn/2026-11-21.csv', `${lines.slice(0, 201).join('\n')}\n`);
    await project.write('data-samples/churn/2026-11-18.csv', whole);
    await succeed(project, 'backfill', 'churn', '--from', '2026-11-18', '--to', '2026-11-21', '--quiet');
    const half = await check('--nagios');
    expect(half).toEqual({
      code: 1,
      stdout:
        "PREDAWN WARNING - churn 2026-11-21 is published with 200 rows, 40% of the usual 500 | 'churn_rows'=200\n",
      stderr: '',
    });
    expect(await check('--min-share', '30%')).toMatchObject({ code: 0 });
  });

  it('answers as a monitoring plugin: one line, and 0, 2 or 3', async () => {
    const missing = await check('--nagios', '--by', '07:00');
    expect(missing).toMatchObject({ code: 2, stderr: '' });
    expect(missing.stdout).toMatch(
      /^PREDAWN CRITICAL - churn 2026-11-21 is missing at 07:00 Europe\/London[^\n|]*\n$/,
    );
    await backfill('2026-11-21');
    expect(await check('--nagios')).toEqual({
      code: 0,
      stdout: "PREDAWN OK - churn 2026-11-21 is published, 500 rows | 'churn_rows'=500\n",
      stderr: '',
    });
    const unknown = await check('unknown', '--nagios');
    expect(unknown).toMatchObject({ code: 3, stderr: '' });
    expect(unknown.stdout).toMatch(/^PREDAWN UNKNOWN - There is no job "unknown"[^\n]*\n$/);
    expect(await check('--nagios', '--by', '25:00')).toMatchObject({ code: 3 });
    expect(await check('--nagios', '--json')).toMatchObject({ code: 3 });
  });

  it('catches a run that is still going at the deadline', async () => {
    const running = project.start('run', 'churn', '--date', '2026-11-21');
    await running.logged('started');
    running.child.kill('SIGSTOP');
    const result = await check('--by', '07:00');
    running.child.kill('SIGCONT');
    expect(await running.finished).toMatchObject({ code: 0 });
    expect(result.code).toBe(69);
    expect(result.stderr).toContain('still going');
    expect(await check('--by', '07:00')).toMatchObject({ code: 0 });
  });

  it('64: a job without a schedule and no time of day; with one it is expected every day', async () => {
    await project.edit('jobs/churn.yaml', 'schedule: "0 6 * * *"', '');
    expect(await check('churn')).toMatchObject({ code: 64 });
    expect(await check()).toMatchObject({ code: 64 });
    expect(await check('--by', '07:00')).toMatchObject({ code: 69 });
    expect(await check('--by', '7 am')).toMatchObject({ code: 64 });
  });
});

describe('predawn status', () => {
  it('shows at one glance what is published', async () => {
    await project.write('jobs/broken.yaml', 'model: [');
    await project.write(
      'jobs/leavers.yaml',
      (await project.read('jobs/churn.yaml')).replace('schedule: "0 6 * * *"', ''),
    );
    await backfill('2026-11-20');
    await project.write('data-samples/churn/2026-11-21.csv', 'customer_id\n');
    const { code, stdout } = await at(new Date('2026-11-23T05:00:00Z'), 'status', '--days', '5');
    expect(code).toBe(0);
    const lines = stdout.split('\n').map((line) => line.trimEnd());
    expect(lines[0]).toBe('dev  data dates 2026-11-18 to 2026-11-22');
    expect(lines.slice(2, 7)).toEqual([
      'job      We  Th  Fr  Sa  Su  rows',
      '         18  19  20  21  22',
      'broken   ?   ?   ?   ?   ?',
      'churn    ○   ✓   ✓   ○   ·   500',
      'leavers',
    ]);
    expect(stdout).toContain('✓ published   ○ missing   · due later');
    expect(stdout).toContain('predawn run churn --missing --since 2026-11-18');
    expect(stdout).toContain('broken: jobs/broken.yaml');
    // eslint-disable-next-line no-control-regex -- no colours where there is no terminal
    expect(stdout).not.toMatch(/\x1b/);
    for (const line of lines.slice(0, 8)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('tells machines the same, and fourteen dates unless told', async () => {
    await backfill('2026-11-20');
    const { stdout } = await at(MORNING, 'status', '--json');
    const { jobs, from, to } = JSON.parse(stdout) as {
      from: string;
      to: string;
      jobs: { job: string; dates: { as_of: string; state: string; rows: number | null }[] }[];
    };
    expect([from, to, jobs.length, jobs[0]!.dates.length]).toEqual(['2026-11-08', '2026-11-21', 1, 14]);
    expect(jobs[0]!.dates.slice(-2)).toMatchObject([
      { as_of: '2026-11-20', state: 'published', rows: 500 },
      { as_of: '2026-11-21', state: 'missing', rows: null },
    ]);
    expect(await at(MORNING, 'status', 'unknown')).toMatchObject({ code: 78 });
  });

  it('is coloured only where that is asked for', async () => {
    const env = { FORCE_COLOR: '1' };
    const coloured = await runInProcess(['status'], { cwd: project.folder, now: MORNING, env });
    // eslint-disable-next-line no-control-regex -- that is what colours are
    expect(coloured.stdout).toMatch(/\x1b/);
    const plain = await runInProcess(['status'], {
      cwd: project.folder,
      now: MORNING,
      env: { ...env, NO_COLOR: '1' },
    });
    // eslint-disable-next-line no-control-regex -- that is what colours are
    expect(plain.stdout).not.toMatch(/\x1b/);
  });
});
