import type { Section } from './bars.js';
import { secondsToScore } from './limits/limits.js';
import type { Options } from './options.js';
import { benchProject } from './project.js';
import { findModels, findPython } from './python.js';
import { count, fixed, table } from './report.js';
import { median } from './statistics.js';

const ROWS = 100_000;
/** The bar's: of fewer, one thread waits long for the other's last block; 100,000 are fifteen blocks of a second each. */
const FULL_ROWS = 1_000_000;
const FILES = { source: undefined, destination: undefined };

/** The forest with two scoring threads and with one, in turn: whole processes, and scoring alone. */
export async function runWorkers({ rounds, rows, full, peers }: Options): Promise<Section> {
  const size = rows?.at(-1) ?? (full ? FULL_ROWS : ROWS);
  const models = await findModels(peers ? await findPython() : undefined);
  if (models.forest === undefined) {
    return {
      text: 'Skipped: there is no forest without a Python to train it (bench/README.md).',
      figures: [],
    };
  }
  const one = { project: await benchProject(size, 1, models), runs: [] as number[], scoring: [] as number[] };
  const two = { project: await benchProject(size, 2, models), runs: [] as number[], scoring: [] as number[] };
  try {
    for (let round = 0; round < rounds; round++) {
      for (const { project, runs } of [two, one])
        runs.push((await project.run('forest', 'csv-files', FILES)).wall);
      for (const { project, scoring } of [two, one]) scoring.push(await secondsToScore(project, 'forest'));
    }
  } finally {
    await one.project.drop();
    await two.project.drop();
  }
  const lines = (
    [['process, start to exit', 'runs'] as const, ['scoring alone', 'scoring'] as const] as const
  ).map(([what, kind]) => {
    const [slow, fast] = [median(one[kind]), median(two[kind])];
    return [what, fixed(slow, 2), fixed(fast, 2), fixed(slow / fast, 2)];
  });
  return {
    text: table([`500 trees, ${count(size)} rows`, 's with 1 worker', 's with 2', 'ratio'], lines),
    figures: size < FULL_ROWS ? [] : [{ bar: 'workers', value: median(one.runs) / median(two.runs) }],
  };
}
