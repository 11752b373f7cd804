import { rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesBeneath, sampleProject, type TestProject } from '../helpers/project.js';

/** Real processes: the sample has input for 2026-11-19 to 2026-11-21. */
let project: TestProject;
beforeEach(async () => {
  project = await sampleProject();
});
afterEach(() => project.drop());

const slices = async () =>
  (await filesBeneath(path.join(project.folder, 'predictions/churn_predictions'))).map((file) =>
    file.slice('as_of='.length, 'as_of=2026-11-19'.length),
  );
const backfill = (...args: string[]) => project.run('backfill', 'churn', ...args);

interface Result {
  readonly left_alone: number;
  readonly dates: { as_of: string; outcome: string; exit_code: number; rows: { scored: number } | null }[];
}

describe('predawn backfill', () => {
  it('runs dates in order, says what became of each, and can be run again', async () => {
    const first = await backfill('--from', '2026-11-18', '--to', '2026-11-21');
    expect(first.code).toBe(66);
    expect(first.stdout.replaceAll(/ +\n/g, '\n')).toMatch(
      /as_of +outcome +exit +rows.*\n2026-11-18 +failed: input.missing +66\n2026-11-19 +published +0 +500 .*\n2026-11-20 +published .*\n2026-11-21 +published .*\n$/,
    );
    expect(first.stderr).toContain('3 of 4 dates are published; 1 failed');
    expect(first.stderr).toContain('2026-11-18.csv does not exist');
    expect(await slices()).toEqual(['2026-11-19', '2026-11-20', '2026-11-21']);

    await rm(path.join(project.folder, 'predictions/churn_predictions/as_of=2026-11-20'), {
      recursive: true,
    });
    const again = await backfill('--from', '2026-11-18', '--to', '2026-11-21', '--json');
    expect(again.code).toBe(66);
    const { result } = JSON.parse(again.stdout) as { result: Result };
    expect(result.left_alone).toBe(3);
    expect(result.dates).toMatchObject([{ as_of: '2026-11-18', outcome: 'failed', exit_code: 66 }]);

    await project.write(
      'data-samples/churn/2026-11-18.csv',
      await project.read('data-samples/churn/2026-11-19.csv'),
    );
    const whole = await backfill('--from', '2026-11-18', '--to', '2026-11-21', '--quiet');
    expect(whole).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const nothing = await backfill('--from', '2026-11-18', '--to', '2026-11-21');
    expect(nothing).toMatchObject({ code: 0 });
    expect(nothing.stdout).toContain('nothing to do, 4 dates published already');
  });

  it('runs all dates again with --only all, and two at once leave one slice each', async () => {
    expect(await backfill('--from', '2026-11-19', '--to', '2026-11-21', '--quiet')).toMatchObject({
      code: 0,
    });
    const args = ['--from', '2026-11-19', '--to', '2026-11-21', '--only', 'all', '--json'];
    const outcomes = async (...more: string[]) => {
      const { code, stdout } = await backfill(...args, ...more, '--parallel', '2');
      expect(code).toBe(0);
      return (JSON.parse(stdout) as Result).dates.map(({ outcome }) => outcome);
    };
    expect(await outcomes()).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect(await outcomes('--force')).toEqual(['published', 'published', 'published']);
    expect(await slices()).toEqual(['2026-11-19', '2026-11-20', '2026-11-21']);
  });

  it('stops at what concerns every date', async () => {
    await project.edit('jobs/churn.yaml', 'key: customer_id', 'key: no_such_column');
    const { code, stdout } = await backfill('--from', '2026-11-19', '--to', '2026-11-21');
    expect(code).toBe(78);
    expect(stdout).toMatch(/2026-11-19 +failed: .*\n2026-11-20 +not tried *\n2026-11-21 +not tried *\n/);
  });

  it('a data problem outranks an input that is late, and --only failed tries the one alone', async () => {
    const file = 'data-samples/churn/2026-11-20.csv';
    const good = await project.read(file);
    const lines = good.split('\n');
    lines[3] = [lines[3]!.split(',')[0]!, ...Array<string>(22).fill('x')].join(',');
    await project.write(file, lines.join('\n'));
    const { code, stderr } = await backfill('--from', '2026-11-18', '--to', '2026-11-20');
    expect(code).toBe(65);
    expect(stderr).toContain('1 row of 500 rejected');
    await project.write(file, good);
    const failed = await backfill('--from', '2026-11-18', '--to', '2026-11-20', '--only', 'failed', '--json');
    expect(failed.code).toBe(0);
    expect((JSON.parse(failed.stdout) as Result).dates).toMatchObject([
      { as_of: '2026-11-20', outcome: 'published' },
    ]);
  });

  it('SIGTERM stops the run that is under way, and the rest is not tried', async () => {
    const running = project.start('backfill', 'churn', '--from', '2026-11-19', '--to', '2026-11-21');
    await running.logged('started');
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.finished;
    expect(code).toBe(143);
    expect(stdout).toMatch(/2026-11-21 +not tried/);
    expect((await slices()).length).toBeLessThan(2);
    expect(await backfill('--from', '2026-11-19', '--to', '2026-11-21', '--quiet')).toMatchObject({
      code: 0,
    });
  });

  it.each([
    ['a last date that is not over', ['--from', '2026-11-19', '--to', '2999-01-01'], 'not over yet'],
    ['dates in the wrong order', ['--from', '2026-11-21', '--to', '2026-11-19'], 'is after'],
    ['a date that is none', ['--from', '7x'], '7x'],
    ['an unknown choice', ['--from', '7d', '--only', 'some'], 'missing, failed, all'],
  ])('64: %s', async (_, args, said) => {
    const { code, stderr } = await backfill(...args);
    expect(code).toBe(64);
    expect(stderr).toContain(said);
  });
});

describe('predawn run --missing', () => {
  it('runs what is not published since a date', async () => {
    expect(await project.run('run', 'churn', '--date', '2026-11-20', '--quiet')).toMatchObject({ code: 0 });
    const { stdout } = await project.run('run', 'churn', '--missing', '--since', '2026-11-19', '--json');
    const { result } = JSON.parse(stdout) as { result: Result };
    const published = result.dates.filter(({ outcome }) => outcome === 'published');
    expect(published.map(({ as_of }) => as_of)).toEqual(['2026-11-19', '2026-11-21']);
    expect(result.dates[0]).toMatchObject({ rows: { scored: 500 } });
    expect(result.left_alone).toBe(1);
  });

  it.each([[['--missing']], [['--since', '7d']], [['--missing', '--since', '7d', '--date', '2026-11-20']]])(
    '64: %s',
    async (args) => {
      expect(await project.run('run', 'churn', ...args)).toMatchObject({ code: 64, stdout: '' });
    },
  );
});
