import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { customerCsvChunks } from '../../data-samples/generate.js';
import type { GateReport } from '../../src/domain/gate.js';
import { REPOSITORY, startCli } from '../helpers/cli.js';
import { runInProcess } from '../helpers/in-process.js';
import { buildLogistic } from '../helpers/linear-models.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { filesBeneath } from '../helpers/project.js';

/** The command line from registration to production and back, with real models, files and processes. */
const DATE = '2026-11-21';
const SETTINGS = `
environments:
  dev: { destination: ./out/dev }
  staging: { destination: ./out/staging, after: dev, gate: { golden: required } }
  production:
    destination: ./out/production
    after: staging
    gate:
      golden: required
      on: { job: leads, dates: 3 }
      max_reject_rate: 1%
      max_ms_per_1k_rows: 1000
      max_rss_mb: 4000
      max_score_shift: { psi: 0.2 }
      max_label_change: 2%
`;
const JOB = 'model: leads\ntimezone: UTC\ninput: { csv: "in/{date}.csv" }\nkey: id\n';
const LINES = Array.from({ length: 500 }, (_, row) => `r${row},${row / 250 - 1},${row >= 450 ? 1 : 0}`);

const INPUTS: Readonly<Record<string, readonly string[]>> = {
  '2026-11-19': LINES.filter((_, row) => row % 25 === 0),
  '2026-11-20': LINES,
  [DATE]: LINES,
};

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predawn-promotion-'));
  await cp(path.join(REPOSITORY, 'jobs'), path.join(folder, 'jobs'), { recursive: true });
  for (const [file, content] of [
    ['predawn.yaml', SETTINGS],
    ['jobs/leads.yaml', JOB],
    ['golden.csv', csvOf(INPUTS['2026-11-19']!)],
    ['1.onnx', buildLogistic({ a: 3 })],
    ['2.onnx', buildLogistic({ a: 3.001 })],
    ['3.onnx', buildLogistic({ a: 3, b: -6 })],
  ] as const) {
    await writeFile(path.join(folder, file), content);
  }
  await mkdir(path.join(folder, 'in'));
  for (const [date, lines] of Object.entries(INPUTS))
    await writeFile(path.join(folder, `in/${date}.csv`), csvOf(lines));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function csvOf(lines: readonly string[]): string {
  return `${['id,a,b', ...lines].join('\n')}\n`;
}

const cli = (...args: string[]) => runInProcess(args, { cwd: folder, now: new Date(`2026-11-22T04:00:00Z`) });
const model = (...args: string[]) => cli('model', ...args);

async function ok(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await model(...args);
  expect(`${stderr}${code}`).toBe('0');
  return stdout;
}

async function register(...versions: number[]): Promise<void> {
  for (const version of versions)
    await ok('add', 'leads', `${version}.onnx`, '--golden', 'golden.csv', '--job', 'leads', '--quiet');
}

async function liveIn(environment: string): Promise<number | undefined> {
  const moves = JSON.parse(await ok('history', 'leads', '--json')) as { environment: string; to: number }[];
  return moves.filter((move) => move.environment === environment).at(-1)?.to;
}

/** Through all environments, whatever the gate says. */
async function promoteAll(version: number): Promise<void> {
  for (const environment of ['dev', 'staging'])
    await ok('promote', 'leads', String(version), '--to', environment);
  const accept = ['max_score_shift', 'max_label_change'].flatMap((check) => ['--accept', check]);
  await ok('promote', 'leads', String(version), '--to', 'production', ...accept, '--reason', 'meant');
}

/** The same project with its input, its registry and its predictions in a database. */
async function moveToDatabase({ client, url }: TestDatabase): Promise<void> {
  await client.query('create table leads (day date, id text, a float4, b float4)');
  for (const [date, lines] of Object.entries(INPUTS)) {
    for (const line of lines)
      await client.query('insert into leads values ($1, $2, $3, $4)', [date, ...line.split(',')]);
  }
  await rm(path.join(folder, 'in'), { recursive: true });
  await writeFile(
    path.join(folder, 'jobs/leads.yaml'),
    JOB.replace(/csv: .*"/, 'query: "select id, a, b from leads where day = :date order by id"'),
  );
  const settings = SETTINGS.replaceAll(
    /destination: [^ ,\n]+/g,
    `destination: "${url}", source: "${url}"`,
  ).replace(
    /destination: (.*), source: (.*)\n {4}after: staging/,
    'destination: $1\n    source: $2\n    after: staging',
  );
  await writeFile(path.join(folder, 'predawn.yaml'), `registry: "${url}"\n${settings}`);
}

describe.each(['files', 'PostgreSQL'])('from registration to production and back: %s', (kind) => {
  let database: TestDatabase | undefined;
  beforeEach(async () => {
    if (kind === 'files') return;
    database = await createDatabase();
    await moveToDatabase(database);
  });
  afterEach(async () => {
    await database?.drop();
    database = undefined;
  });

  it('goes through the environments, behind the gate, and leaves its reports in the history', async () => {
    await register(1, 2);
    expect(await model('promote', 'leads', '1', '--to', 'production')).toMatchObject({
      code: 78,
      stderr: expect.stringContaining('hint: predawn model promote leads 1 --to staging') as string,
    });
    expect(await ok('promote', 'leads', '1', '--to', 'dev')).toContain(
      'Next: predawn model promote leads 1 --to staging',
    );
    await ok('promote', 'leads', '1', '--to', 'staging');
    const first = await ok('promote', 'leads', '1', '--to', 'production');
    expect(first).toContain('✓ leads@1 passes the gate of production');
    expect(first).toMatch(/max_label_change +not applicable +2 % +Nothing is live in production/);
    expect(first).toContain('leads@1 is live in production.');

    await ok('promote', 'leads', '2', '--to', 'dev');
    await ok('promote', 'leads', '2', '--to', 'staging');
    const gate = await ok('gate', 'leads', '2', '--to', 'production');
    expect(gate).toMatch(/golden +passed +20 /);
    expect(gate).toMatch(/max_label_change +passed +0 % +2 %/);
    expect(gate).toContain('Next: predawn model promote leads 2 --to production');
    expect(await liveIn('production')).toBe(1);
    await ok('promote', 'leads', '2', '--to', 'production', '--reason', 'retrained');

    const table = await ok('history', 'leads', '--env', 'production');
    expect(table).toMatch(/production +promote +– +1 +tester +passed/);
    expect(table).toMatch(/production +promote +1 +2 +tester +passed +retrained/);
    expect(await ok('history', 'leads', '--gates')).toContain('✓ leads@2 passes the gate of production');
    // A gate scores without publishing: no environment has a predictions table.
    expect((await filesBeneath(path.join(folder, 'out'))).join()).toBe('');
    const tables = await database?.client.query(
      `select tablename from pg_tables where schemaname = 'public' and tablename <> 'leads'`,
    );
    expect(tables?.rows ?? []).toEqual([]);
  });

  it('moves nothing where the gate fails: exit 65, the report on stdout, what failed on stderr', async () => {
    await register(1, 2, 3);
    await promoteAll(1);
    await ok('promote', 'leads', '3', '--to', 'dev');
    await ok('promote', 'leads', '3', '--to', 'staging');
    for (const command of ['gate', 'promote']) {
      const { code, stdout, stderr } = await model(
        command,
        'leads',
        '3',
        '--to',
        'production',
        '--report',
        'report.json',
      );
      expect(code).toBe(65);
      expect(stdout).toContain('✗ leads@3 does not pass the gate of production');
      expect(stdout).toMatch(/max_label_change +failed +10 % +2 % +102 of 1,020 rows against leads@1/);
      expect(stderr).toContain('--accept max_score_shift --accept max_label_change --reason TEXT');
      expect(stderr).toContain(
        'max_label_change: 10 %, over its ceiling of 2 %: 102 of 1,020 rows against leads@1.',
      );
      expect(stderr).toContain('gate.failed, exit 65');

      const json = await model(command, 'leads', '3', '--to', 'production', '--json');
      const { gate, exit_code, error } = JSON.parse(json.stdout) as {
        gate: GateReport;
        exit_code: number;
        error: { problems: { code: string }[] };
      };
      expect([exit_code, gate.passed, error.problems.length]).toEqual([65, false, 2]);
      expect(gate.checks.find(({ check }) => check === 'max_label_change')).toMatchObject({
        ...{ status: 'failed', ceiling: 0.02, unit: 'share' },
      });
    }
    expect(await liveIn('production')).toBe(1);
    const quiet = await model('gate', 'leads', '3', '--to', 'production', '--quiet');
    expect(quiet).toMatchObject({ code: 65, stdout: '' });
  });

  it('promotes past checks that are accepted by name and with a reason, and keeps both', async () => {
    await register(1, 2, 3);
    await promoteAll(1);
    await promoteAll(3);
    expect(await ok('history', 'leads', '--env', 'production')).toMatch(
      /promote +1 +3 +tester +accepted max_score_shift, max_label_change +meant/,
    );
    const moves = JSON.parse(await ok('history', 'leads', '--json')) as Record<string, unknown>[];
    expect(moves.find(({ environment, to }) => environment === 'production' && to === 3)).toMatchObject({
      ...{ from: 1, to: 3, gate: { passed: false, model: 'leads' } },
      accepted: [
        { check: 'max_score_shift', reason: 'meant' },
        { check: 'max_label_change', reason: 'meant' },
      ],
    });
    expect(await model('promote', 'leads', '1', '--to', 'staging', '--accept', 'max_rss')).toMatchObject({
      code: 64,
    });
  });

  it('takes no unverified version through any gate', async () => {
    await ok('add', 'leads', '1.onnx');
    await ok('promote', 'leads', '1', '--to', 'dev');
    const { code, stderr } = await model('promote', 'leads', '1', '--to', 'staging');
    expect(code).toBe(65);
    expect(stderr).toContain('golden: leads@1 has no golden rows: it is unverified.');
    expect(stderr).toContain('predawn model add leads FILE.onnx --golden ROWS.csv');
  });

  it('rolls back in one step, without the gate, its rows or its golden rows, and forth again', async () => {
    await register(1, 2);
    await promoteAll(1);
    await promoteAll(2);
    await rm(path.join(folder, 'in'), { recursive: true, force: true });
    await database?.client.query('drop table leads');
    await rm(path.join(folder, 'jobs'), { recursive: true });
    await ok('rollback', 'leads', '--env', 'production', '--reason', 'drift');
    expect(await liveIn('production')).toBe(1);
    await ok('rollback', 'leads', '--env', 'production');
    expect(await liveIn('production')).toBe(2);
    expect(await ok('history', 'leads', '--env', 'production')).toMatch(/rollback +2 +1 +tester +– +drift/);
  });

  it('shows how two versions differ', async () => {
    await register(1, 2, 3);
    const text = await ok('diff', 'leads', '1', '3');
    expect(text).toMatch(/input b +– +float32 \[N, 1\]/);
    expect(text).toContain('Scores for the 20 golden rows of leads@3');
    expect(text).toMatch(/label +2 of 20 +– +–/);
    const { scores } = JSON.parse(await ok('diff', 'leads', '1', '3', '--json')) as {
      scores: { rows_of: number; columns: unknown[] }[];
    };
    expect(scores.map(({ rows_of }) => rows_of)).toEqual([3, 1]);
    expect(await model('diff', 'leads', '1', '9')).toMatchObject({ code: 78 });
  });
});

it('a run goes on with the artefact it began with while its environment is rolled back', async () => {
  await register(1, 2);
  await promoteAll(1);
  await promoteAll(2);
  const rows = Array.from({ length: 50_000 }, (_, row) => `r${row},${row / 25_000 - 1},0`);
  await writeFile(path.join(folder, `in/${DATE}.csv`), `${['id,a,b', ...rows].join('\n')}\n`);
  const running = startCli(['run', 'leads', '--env', 'production', '--date', DATE, '--json'], {
    cwd: folder,
  });
  await running.logged('started');
  running.child.kill('SIGSTOP');
  try {
    await ok('rollback', 'leads', '--env', 'production');
    expect(await liveIn('production')).toBe(1);
  } finally {
    running.child.kill('SIGCONT');
  }
  const { code, stdout } = await running.finished;
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ outcome: 'published', artefact: { version: 2 } });
  const next = await cli('run', 'leads', '--env', 'production', '--date', DATE, '--json');
  expect(JSON.parse(next.stdout)).toMatchObject({ outcome: 'published', artefact: { version: 1 } });
});

it('compares the sample model with itself on the sample days', async () => {
  await cp(path.join(REPOSITORY, 'data-samples/churn'), path.join(folder, 'data-samples/churn'), {
    recursive: true,
  });
  const busy = [...customerCsvChunks({ asOf: DATE, rows: 20_000, seed: 7 })].join('');
  await writeFile(path.join(folder, `data-samples/churn/${DATE}.csv`), busy);
  await writeFile(
    path.join(folder, 'predawn.yaml'),
    `${SETTINGS.replace('job: leads, ', '')}block_bytes: 256KiB\n`,
  );
  const samples = 'data-samples/churn';
  for (const note of ['one', 'two']) {
    const expected = note === 'one' ? ['--expected', `${samples}/expected.csv`] : [];
    await ok(
      'add',
      'churn',
      `${samples}/model.onnx`,
      '--golden',
      `${samples}/golden.csv`,
      ...expected,
      '--note',
      note,
    );
  }
  await ok('promote', 'churn', '1', '--to', 'dev');
  await ok('promote', 'churn', '1', '--to', 'staging');
  const report = JSON.parse(await ok('gate', 'churn', '1', '--to', 'production', '--json')) as GateReport;
  expect(report.dates.map(({ rows }) => rows)).toEqual([500, 500, 20_000]);
  expect(report.checks.find(({ check }) => check === 'max_rss_mb')!.found).toBeGreaterThan(30);
  expect(report.checks.find(({ check }) => check === 'max_ms_per_1k_rows')!.found).toBeGreaterThan(0);
});
