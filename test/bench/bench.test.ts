import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

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
  const row = lines[lines.findIndex((line) => line.startsWith(`| ${header}`)) + 2]!;
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

    const [rows, rowsPerSecond, seconds, cpu, megabytes, limitRatio] = figures(
      report,
      'case | rows | rows/s',
    );
    expect(rows).toBe(2000);
    for (const figure of [rowsPerSecond, seconds, cpu, megabytes, limitRatio])
      expect(figure).toBeGreaterThan(0);
    // decode, score, COPY out, COPY in + key, all of the threads' work, the run
    expect(figures(report, 'case | rows | decode')).toHaveLength(7);
    expect(report).toMatch(/- Commit: .+\n- Command: `npm run bench -- cases --rows 2k/);
  },
);

test('an unknown choice is refused with the usage', async () => {
  await expect(bench('cases', '--routes', 'csv-kafka')).rejects.toThrow(
    '"csv-kafka" is none of csv-files, csv-postgres, postgres-postgres.',
  );
});
