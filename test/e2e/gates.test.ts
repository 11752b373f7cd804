import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { customerCsvChunks } from '../../data-samples/generate.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { runInProcess } from '../helpers/in-process.js';
import { SAMPLE_DATE } from '../helpers/project.js';
import { type Destination, DESTINATIONS } from './destinations.js';

const JOB = 'jobs/churn.yaml';
const WEEKS_BEFORE = ['2026-10-24', '2026-10-31', '2026-11-07', '2026-11-14'];
const ROWS = 300;

interface Failure {
  readonly error: { readonly code: string; readonly message: string };
}

describe.each(Object.keys(DESTINATIONS))('gates of a job file, to %s', (kind) => {
  let destination: Destination;
  beforeEach(async () => {
    destination = await DESTINATIONS[kind]!();
  });
  afterEach(() => destination.drop());

  it('row_count: blocks what is half the usual of the weekday, unless somebody accepts it', async () => {
    await gate('  row_count: { at_least: 60% }');
    for (const [index, date] of WEEKS_BEFORE.entries()) {
      await input(date, ROWS);
      const { gates } = await receiptOf('--date', date);
      expect(gates).toMatchObject([{ gate: 'row_count', status: 'undecided' }]);
      expect(gates![0]!.detail).toContain(index === 0 ? 'no slice' : `median of ${index}`);
    }
    await input(SAMPLE_DATE, ROWS / 2);
    for (const way of [[], ['--shards', '3'], ['--dry-run']]) {
      const { code, stdout } = await run('--date', SAMPLE_DATE, '--json', ...way);
      expect(code).toBe(65);
      const { error } = JSON.parse(stdout) as Failure;
      expect(error.code).toBe('gate.row_count');
      expect(error.message).toContain('150 rows are 50% of the usual 300 rows of a Saturday');
    }
    // A first look at some rows is no day.
    expect((await receiptOf('--date', SAMPLE_DATE, '--limit', '5')).gates).toBeUndefined();

    const accept = ['--accept', 'row_count', '--reason', 'a strike'];
    for (const way of [['--shards', '3'], ['--force']]) {
      const accepted = await receiptOf('--date', SAMPLE_DATE, ...accept, ...way);
      expect(accepted.outcome).toBe('published');
      expect(accepted.gates).toMatchObject([
        { gate: 'row_count', status: 'accepted', accepted: { by: 'tester', reason: 'a strike' } },
      ]);
      expect(accepted.warnings[0]).toMatch(/^row_count accepted by tester \(a strike\): 150 rows are 50%/);
    }
  });

  it('missing and constant_scores: the same figures in one piece and in shards', async () => {
    await input(SAMPLE_DATE, ROWS);
    const lines = (await destination.project.read(file(SAMPLE_DATE))).trim().split('\n');
    const satisfaction = lines[0]!.split(',').indexOf('satisfaction');
    const empty = lines.slice(1).filter((line) => line.endsWith(',')).length;
    expect(satisfaction).toBe(lines[0]!.split(',').length - 1);
    expect(empty).toBeGreaterThan(0);

    await gate(
      '  constant_scores: {}\n  missing: { action: warn, at_most: 90%, columns: { satisfaction: 0% } }',
    );
    for (const way of [[], ['--shards', '4', '--force']]) {
      const { gates, warnings, outcome } = await receiptOf('--date', SAMPLE_DATE, ...way);
      expect(outcome).toBe('published');
      expect(gates).toMatchObject([
        { gate: 'constant_scores', status: 'passed', detail: 'every score varies' },
        { gate: 'missing', status: 'warned' },
      ]);
      expect(warnings.join()).toContain(`satisfaction`);
      expect(warnings.join()).toContain(`(${empty} of ${ROWS} rows), at most 0%`);
    }

    await destination.project.write(
      file(SAMPLE_DATE),
      [lines[0], ...lines.slice(1).map((_, row) => lines[1]!.replace(/^[^,]+/, `C-${row}`)), ''].join('\n'),
    );
    for (const way of [[], ['--shards', '4']]) {
      const { code, stdout } = await run('--date', SAMPLE_DATE, '--json', ...way);
      expect(code).toBe(65);
      const { error } = JSON.parse(stdout) as Failure;
      expect(error.code).toBe('gate.constant_scores');
      expect(error.message).toMatch(/churn_probability is 0\.\d+ in all 300 rows/);
    }
    const refused = await run('--date', SAMPLE_DATE, '--accept', 'missing', '--reason', 'x');
    expect(refused.code).toBe(64);
  });

  it('score_shift and feature_shift: from the profile, and from the last slices', async () => {
    await gate(
      '  score_shift: { action: warn, slices: 1 }\n  feature_shift: { psi: 0.3, columns: { plan: 9 } }',
    );
    const months = (line: string) =>
      line.replace(/,(\d+),(\d+\.\d\d),/, (_, tenure, charge) => `,${Number(tenure) + 40},${charge},`);
    for (const date of ['2026-11-19', '2026-11-20']) await input(date, ROWS);
    const first = await receiptOf('--date', '2026-11-19');
    expect(first.gates).toMatchObject([
      { gate: 'score_shift', status: 'undecided' },
      { gate: 'feature_shift', status: 'passed' },
    ]);
    const { features, scores } = first.distributions!;
    expect(scores.map(({ column }) => column)).toEqual(['churn_probability']);
    expect(features).toHaveLength(21);
    for (const { counts } of [...features, ...scores])
      expect(counts.reduce((sum, each) => sum + each)).toBe(ROWS);
    const next = await receiptOf('--date', '2026-11-20', '--shards', '3');
    expect(next.gates).toMatchObject([{ status: 'passed' }, { status: 'passed' }]);

    await input(SAMPLE_DATE, ROWS);
    const [header, ...lines] = (await destination.project.read(file(SAMPLE_DATE))).trim().split('\n');
    await destination.project.write(file(SAMPLE_DATE), [header, ...lines.map(months), ''].join('\n'));
    for (const way of [[], ['--shards', '3']]) {
      const { code, stdout } = await run('--date', SAMPLE_DATE, '--json', ...way);
      expect(code).toBe(65);
      const { error } = JSON.parse(stdout) as Failure;
      expect(error.code).toBe('gate.feature_shift');
      expect(error.message).toMatch(/from the profile of churn@1: tenure_months \d\S*, at most 0\.3/);
    }
    const accept = ['--accept', 'feature_shift', '--reason', 'a merger'];
    const pieces = [];
    for (const way of [[], ['--shards', '3', '--force']]) {
      const { gates, distributions, warnings } = await receiptOf('--date', SAMPLE_DATE, ...accept, ...way);
      expect(gates).toMatchObject([{ status: 'warned' }, { status: 'accepted' }]);
      expect(warnings[0]).toMatch(/from the last 1 slices: churn_probability/);
      pieces.push(distributions);
    }
    expect(pieces[0]).toEqual(pieces[1]);
  });

  const file = (date: string) => `data-samples/churn/${date}.csv`;
  const input = (date: string, rows: number) =>
    destination.project.write(file(date), [...customerCsvChunks({ asOf: date, rows, seed: 1 })].join(''));
  const gate = (yaml: string) => destination.project.edit(JOB, 'output:\n', `gates:\n${yaml}\noutput:\n`);

  function run(...args: string[]) {
    const { project, env } = destination;
    return runInProcess(['run', 'churn', ...args], { cwd: project.folder, env });
  }

  async function receiptOf(...args: string[]): Promise<Receipt> {
    const { code, stdout, stderr } = await run(...args, '--json');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return JSON.parse(stdout) as Receipt;
  }
});
