import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Figure, Section } from './bars.js';
import { customersFile } from './cache.js';
import { createDatabase } from './database.js';
import type { Options } from './options.js';
import { type BenchProject, benchProject, type Databases } from './project.js';
import { findModels } from './python.js';
import { count, fixed, table } from './report.js';
import { type BenchServer, benchServer } from './server.js';
import { median } from './statistics.js';

const ROWS = [100_000, 1_000_000];
/** What the bar is about. */
const BAR_ROWS = 100_000;
const GOLDEN_LINES = 21;

interface Times {
  readonly rows: number;
  readonly route: 'csv-files' | 'csv-postgres';
  /** Process start to exit, of the first restore of each date. */
  readonly first: readonly number[];
  /** Of the restore that undoes it. */
  readonly back: readonly number[];
}

/** Dates whose every row another version of the model changed: restored, and that undone, once each. */
export async function runRestore({ rounds, rows, workers }: Options): Promise<Section> {
  const { linear } = await findModels(undefined);
  const server = await benchServer();
  const times: Times[] = [];
  try {
    for (const size of rows ?? ROWS) {
      const project = await benchProject(size, workers, { linear: linear! });
      try {
        const files = { source: undefined, destination: undefined };
        await addVersion(project, linear!.onnx);
        times.push({ rows: size, route: 'csv-files', ...(await timeRestores(project, files, rounds)) });
        times.push({ rows: size, route: 'csv-postgres', ...(await inDatabase(server, project, rounds)) });
      } finally {
        await project.drop();
      }
    }
  } finally {
    await server.stop();
  }
  return report(server.version, times);
}

async function inDatabase(server: BenchServer, project: BenchProject, rounds: number): Promise<Restores> {
  const database = await createDatabase(server.url, 'restore');
  try {
    return await timeRestores(project, { source: undefined, destination: database.url }, rounds);
  } finally {
    await database.drop();
  }
}

/** The same model with golden rows is another version with the same digest, hence --force; every row says which one scored it. */
async function addVersion(project: BenchProject, onnx: string): Promise<void> {
  const lines = (await readFile(await customersFile(project.rows), 'utf8')).split('\n', GOLDEN_LINES);
  await writeFile(path.join(project.folder, 'golden.csv'), `${lines.join('\n')}\n`);
  const golden = ['--golden', 'golden.csv', '--job', 'linear'];
  await project.predawn(['model', 'add', 'linear', onnx, ...golden, '--quiet'], NOWHERE);
}

const NOWHERE: Databases = { source: undefined, destination: undefined };

type Restores = Pick<Times, 'first' | 'back'>;

async function timeRestores(project: BenchProject, databases: Databases, rounds: number): Promise<Restores> {
  const env = databases.destination === undefined ? 'csv-files' : 'csv-postgres';
  const first: number[] = [];
  const back: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const date = ['--env', env, '--date', await project.nextDate()];
    for (const version of ['1', '2']) {
      await project.predawn(['model', 'promote', 'linear', version, '--to', env, '--quiet'], databases);
      await project.predawn(['run', 'linear', ...date, '--force', '--quiet'], databases);
    }
    for (const seconds of [first, back]) seconds.push(await timeRestore(project, date, databases));
  }
  return { first, back };
}

async function timeRestore(
  project: BenchProject,
  date: readonly string[],
  databases: Databases,
): Promise<number> {
  const { wall, stdout } = await project.predawn(['restore', 'linear', ...date, '--json'], databases);
  const { outcome, changes } = JSON.parse(stdout) as {
    outcome: string;
    changes: { inserted: number; updated: number };
  };
  if (outcome !== 'moved' || changes.inserted + changes.updated !== project.rows)
    throw new Error(`predawn restored ${JSON.stringify(changes)} of ${project.rows} rows: ${outcome}`);
  return wall;
}

function report(version: string, times: readonly Times[]): Section {
  const lines = times.flatMap(({ rows, route, first, back }) =>
    [first, back].map((seconds, undone) => [
      count(rows),
      route === 'csv-files' ? 'files' : version,
      undone ? 'that undone' : 'restored',
      fixed(median(seconds), 2),
      `${fixed(Math.min(...seconds), 2)}–${fixed(Math.max(...seconds), 2)}`,
    ]),
  );
  const figures = times
    .filter(({ rows }) => rows === BAR_ROWS)
    .map(({ route, first }): Figure => ({ bar: 'restore/seconds', value: median(first), of: route }));
  return { text: table(['rows', 'in', 'what', 'seconds', 'fastest–slowest'], lines), figures };
}
