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

describe.each(Object.keys(DESTINATIONS))('gates of a job file, to %s', { timeout: 120_000 }, (kind) => {
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

  it('unknown_categories and checks: the rows are kept and shown, and told nobody', async () => {
    await gate(
      '  unknown_categories: { at_most: 1% }\n  checks:\n' +
        '    low: { row: "churn_probability < 0.9 || customer_id == \'C-1\'", action: warn }\n' +
        '    few: { sql: "select customer_id, churn from {rows} where churn = \'yes\'", at_most: 90%, action: warn }\n' +
        '    any: { sql: "select count(*) > 0 from {rows}" }',
    );
    await input(SAMPLE_DATE, ROWS);
    const day = await destination.project.read(file(SAMPLE_DATE));
    expect(day.match(/,one year,/g)!.length).toBeGreaterThan(ROWS / 100);
    await destination.project.write(file(SAMPLE_DATE), day.replaceAll(',one year,', ',Secretvalue,'));
    const unknown = day.match(/,one year,/g)!.length;
    const figures = [];
    for (const way of [[], ['--shards', '3']]) {
      const { code, stdout, stderr } = await run('--date', SAMPLE_DATE, '--json', ...way);
      expect(code).toBe(65);
      const { error } = JSON.parse(stdout) as Failure;
      expect(error.code).toBe('gate.unknown_categories');
      expect(error.message).toContain(`unknown categories in contract`);
      expect(error.message).toContain(`(${unknown} of ${ROWS} rows), at most 1%`);
      expect(stdout + stderr).not.toContain('Secretvalue');
      const { offending } = await offendingOf(await lastAttempt());
      expect(offending[0]).toMatchObject({
        gate: 'unknown_categories',
        subject: 'contract',
        row: 'Secretvalue',
      });
      expect(offending[0]!.key).toMatch(/^C-/);
      figures.push(offending);
    }
    expect(figures[0]).toEqual(figures[1]);
    const { project, env } = destination;
    const shown = await runInProcess(['rejects', await lastAttempt()], { cwd: project.folder, env });
    expect(shown.stdout).toMatch(
      /No rejected rows[\s\S]*unknown_categories\s+contract\s+C-\S+\s+Secretvalue/,
    );

    const accept = ['--accept', 'unknown_categories', '--reason', 'new contract'];
    const { gates, attempt_id } = await receiptOf('--date', SAMPLE_DATE, ...accept);
    const isDatabase = kind === 'postgres';
    expect(gates!.map(({ gate: name, status }) => [name, status])).toEqual([
      ['unknown_categories', 'accepted'],
      ['low', 'warned'],
      ['few', isDatabase ? 'passed' : 'undecided'],
      ['any', isDatabase ? 'passed' : 'undecided'],
    ]);
    expect(JSON.stringify(gates)).not.toContain('Secretvalue');
    const { offending } = await offendingOf(attempt_id);
    const low = offending.filter(({ subject }) => subject === 'low');
    expect(low.length).toBe(Number(/true for (\d+) of/.exec(gates![1]!.detail)![1]));
    expect(JSON.parse(low[0]!.row)).toMatchObject({ customer_id: low[0]!.key, churn: 'yes' });
  });

  it('checks: what is no expression, no SELECT, changes something or asks for more than one', async () => {
    const bad = async (check: string, ...args: string[]) => {
      const job = await destination.project.read(JOB);
      await gate(`  checks:\n    mine: { ${check} }`);
      const { code, stdout } = await run('--date', SAMPLE_DATE, '--json', ...args);
      await destination.project.write(JOB, job);
      return [code, code === 0 ? '' : (JSON.parse(stdout) as Failure).error.message] as const;
    };
    expect(await bad('row: "churn_probabilty < 1"')).toEqual([
      78,
      expect.stringContaining('gates.checks.mine.row: Unknown variable: churn_probabilty'),
    ]);
    expect((await bad('row: "churn_probability"'))[1]).toContain('it gives double');
    expect(await bad('row: "churn == \'maybe\'", at_most: 3')).toEqual([
      65,
      expect.stringContaining('mine: it is not true for 500 of 500 rows, at most 3'),
    ]);
    if (kind !== 'postgres') return;
    for (const [sql, message] of [
      ['select nothing from {rows}', 'column "nothing" does not exist'],
      ['delete from {rows}', 'syntax error'],
      ['select 1 from {rows}) as x; drop table predawn.attempts; select (1', 'multiple commands'],
      [
        "select set_config('x.y', nextval('predawn.publications_publication_number_seq')::text, true) from {rows}",
        'may only read',
      ],
      ['select 1 / (churn_probability - churn_probability) from {rows}', 'SQLSTATE 22012'],
    ] as const) {
      const found = await bad(`sql: ${JSON.stringify(sql)}`);
      expect(found).toEqual([78, expect.stringContaining(message)]);
    }
    const rows = await bad('sql: "select customer_id from {rows} where churn = \'yes\'"');
    expect(rows).toEqual([65, expect.stringMatching(/its query gives a row for \d+ of 500 rows, at most 0/)]);
    const { offending } = await offendingOf(await lastAttempt());
    expect(JSON.parse(offending[0]!.row)).toEqual({ customer_id: expect.stringMatching(/^C-/) as string });
    expect(await bad('sql: "select churn_probability < 0 from {rows} limit 1"', '--compare')).toEqual([
      65,
      'mine: it is not true.',
    ]);
    expect(await bad('sql: "select null::boolean -- {rows}"')).toEqual([65, 'mine: it is not true.']);
    // What was set for a check is over: the run publishes.
    expect(await bad('sql: "select count(*) = 500 from {rows};"')).toEqual([0, '']);
  });

  it('lets a planned attempt pass that is published past a gate, and no staged one, which passed them', async () => {
    const { project, env } = destination;
    const predawn = (...args: string[]) => runInProcess(args, { cwd: project.folder, env });
    await gate('  checks:\n    mine: { row: "churn == \'maybe\'" }');
    expect((await predawn('plan', 'churn', '--date', SAMPLE_DATE, '--shards', '1')).code).toBe(0);
    const planned = await lastAttempt();
    expect((await predawn('score', '--attempt', planned, '--shard', '0')).code).toBe(0);
    const lacking = await predawn('publish', planned, '--accept', 'mine');
    expect([lacking.code, lacking.stderr]).toEqual([64, expect.stringContaining('go together')]);
    const other = await predawn('publish', planned, '--accept', 'row_count', '--reason', 'x');
    expect([other.code, other.stderr]).toEqual([64, expect.stringContaining('that block: mine')]);
    const { code, stdout } = await predawn(
      'publish',
      planned,
      '--accept',
      'mine',
      '--reason',
      'seen',
      '--json',
    );
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as Receipt).gates).toMatchObject([
      { gate: 'mine', status: 'accepted', accepted: { by: 'tester', reason: 'seen' } },
    ]);
    const accept = ['--accept', 'mine', '--reason', 'seen'];
    const staged = await receiptOf('--date', SAMPLE_DATE, '--stage-only', '--force', ...accept);
    const refused = await predawn('publish', staged.attempt_id, ...accept);
    expect([refused.code, refused.stderr]).toEqual([64, expect.stringContaining('has passed its gates')]);
  });

  async function lastAttempt(): Promise<string> {
    const { project, env } = destination;
    const { stdout } = await runInProcess(['runs', '--limit', '1', '--json'], { cwd: project.folder, env });
    return (JSON.parse(stdout) as { attempt_id: string }[])[0]!.attempt_id;
  }

  async function offendingOf(attempt: string) {
    const { project, env } = destination;
    const { stdout } = await runInProcess(['rejects', attempt, '--json'], { cwd: project.folder, env });
    return JSON.parse(stdout) as { offending: { gate: string; subject: string; key: string; row: string }[] };
  }

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
