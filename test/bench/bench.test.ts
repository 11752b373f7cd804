import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { BARS, barsTable, type Figure } from '../../bench/bars.js';
import { familySeconds } from '../../bench/process-time.js';

const execute = promisify(execFile);
const REPOSITORY = path.resolve(import.meta.dirname, '../..');
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predawn-bench-test-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function bench(...args: string[]): Promise<string> {
  const report = path.join(folder, 'report.md');
  const env = {
    ...process.env,
    PREDAWN_BENCH_CACHE: folder,
    PREDAWN_BENCH_DATABASE_URL: inject('postgresUrl'),
  };
  await execute(
    process.execPath,
    ['--import', 'tsx', 'bench/main.ts', ...args, '--rounds', '1', '--no-peers', '--output', report],
    { cwd: REPOSITORY, env },
  );
  return readFile(report, 'utf8');
}

/** The figures of the one row beneath a header that begins with `header`. */
function figures(report: string, header: string): number[] {
  const lines = report.split('\n');
  return figuresIn(lines[lines.findIndex((line) => line.startsWith(`| ${header}`)) + 2]!);
}

/** The figures of the row whose first cell is `name`. */
function figuresOf(report: string, name: string): number[] {
  return figuresIn(report.split('\n').find((line) => line.startsWith(`| ${name} |`))!);
}

function figuresIn(row: string): number[] {
  const cells = row.split('|').map((cell) => cell.trim().replaceAll(',', ''));
  return cells.filter((cell) => cell !== '' && !Number.isNaN(Number(cell))).map(Number);
}

test(
  'a case gives its figures and its limits, from one database to another',
  { timeout: 90_000 },
  async () => {
    const report = await bench(
      'cases',
      '--rows',
      '2k',
      '--routes',
      'postgres-postgres',
      '--models',
      'linear',
    );

    // The server is not the bench's own here: no core limit, and no CPU seconds of a database stage.
    const [rows, rowsPerSecond, seconds, cpu, megabytes, limitRatio] = figures(
      report,
      'case | rows | rows/s',
    );
    expect(rows).toBe(2000);
    for (const figure of [rowsPerSecond, seconds, cpu, megabytes, limitRatio])
      expect(figure).toBeGreaterThan(0);
    // decode, score, encode, COPY out, COPY in + key, all of the threads' work, the run
    expect(figures(report, 'case | rows | decode')).toHaveLength(8);
    expect(report).toMatch(/- Commit: .+\n- Command: `npm run bench -- cases --rows 2k/);
  },
);

test(
  'publishing changes only the rows that differ, and says what each part took',
  { timeout: 60_000 },
  async () => {
    const report = await bench('publish', '--rows', '2k');

    for (const line of ['on a date without a slice', 'again, 1% changed']) {
      const [seconds, share] = figuresOf(report, line);
      expect(seconds).toBeGreaterThan(0);
      expect(share).toBeGreaterThan(0);
    }
    expect(figuresOf(report, 'key')).toHaveLength(2);
    expect(figuresOf(report, 'attach')).toHaveLength(1);
    expect(figuresOf(report, 'update')).toHaveLength(1);
    // The bars are about a million rows.
    expect(report).not.toContain('## bars');
  },
);

test(
  'decoding gives speeds and ratios, with csv-parse where no peers are asked for',
  { timeout: 60_000 },
  async () => {
    const report = await bench('decode', '--rows', '500');

    for (const table of ['customers', 'numbers']) {
      // MB, predawn, csv-parse, predawn/csv-parse; and quoted/plain
      expect(figuresOf(report, `${table}, plain`)).toHaveLength(4);
      expect(figuresOf(report, `${table}, every field quoted`)).toHaveLength(5);
    }
  },
);

test('a bar is met by the worst case held to it, and every bar is listed when all were asked for', () => {
  const figures: Figure[] = [
    { bar: 'limit', value: 0.9, of: 'one' },
    { bar: 'limit', value: 0.79, of: 'another' },
    { bar: 'memory/most', value: 399.6, of: 'csv-files' },
    { bar: 'sample/seconds', value: NaN },
  ];

  const lines = barsTable(figures, true)!.split('\n');

  expect(lines.filter((line) => line.includes('| not run |'))).toHaveLength(Object.keys(BARS).length - 3);
  expect(lines).toContainEqual(expect.stringMatching(/limit ratio.* 0\.79 × \(another\) .* \*\*not met\*\*/));
  expect(lines).toContainEqual(expect.stringMatching(/10M rows, linear \| 400 MB \(csv-files\) .* met/));
  expect(lines).toContainEqual(expect.stringMatching(/start to exit \| NaN s .* \*\*not met\*\*/));
  expect(barsTable([], false)).toBeUndefined();
});

test('restoring goes back and forth in files and in a database', { timeout: 60_000 }, async () => {
  const report = await bench('restore', '--rows', '200');
  const rows = report
    .split('\n')
    .filter((line) => line.startsWith('| 200 |'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  const database = expect.stringMatching(/^PostgreSQL/) as string;
  expect(rows.map((cells) => cells.slice(2, 4))).toEqual([
    ['files', 'restored'],
    ['files', 'that undone'],
    [database, 'restored'],
    [database, 'that undone'],
  ]);
  for (const cells of rows) expect(Number(cells[4])).toBeGreaterThan(0);
});

test("a process's time counts that of its children, living and waited for", { timeout: 20_000 }, async () => {
  const busy = 'i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done';
  // Waits for one busy child, says what it took, and keeps another that says what it took itself.
  const script = `sh -c '${busy}'; times; sh -c '${busy}; times; echo done; read wait'; :`;
  const shell = spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    let said = '';
    for await (const bytes of shell.stdout) {
      said += String(bytes);
      if (said.includes('done')) break;
    }
    const total = familySeconds(shell.pid!);
    if (process.platform !== 'linux') {
      expect(total).toBeUndefined();
      return;
    }
    // Two lines each time: user and system seconds of the shell, and of the children that it has waited for.
    const [ownUser, ownSystem, waitedUser, waitedSystem, livingUser, livingSystem] = Array.from(
      said.matchAll(/(\d+)m([\d.]+)s/g),
      ([, minutes, seconds]) => Number(minutes) * 60 + Number(seconds),
    );
    const expected = ownUser! + ownSystem! + waitedUser! + waitedSystem! + livingUser! + livingSystem!;
    expect(waitedUser! + livingUser!).toBeGreaterThan(0);
    // Each of the six is rounded to hundredths.
    expect(Math.abs(total! - expected)).toBeLessThanOrEqual(0.06);
  } finally {
    shell.kill();
  }
});

test('an unknown choice is refused with the usage', async () => {
  await expect(bench('cases', '--routes', 'csv-kafka')).rejects.toThrow(
    '"csv-kafka" is none of csv-files, csv-postgres, postgres-postgres.',
  );
});
