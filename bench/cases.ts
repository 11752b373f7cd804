import { createDatabase, loadCustomers, settle } from './database.js';
import { type Limits, measureLimits, SHARED_WORK, slowest } from './limits/limits.js';
import type { Measured } from './measure.js';
import { type ModelName, MODELS, type Options, type Route } from './options.js';
import { type PeerName, runPeer } from './peer.js';
import { type BenchProject, benchProject, type Databases } from './project.js';
import { type BenchModel, type BenchModels, findModels, findPython, type Python } from './python.js';
import { count, fixed, megabytes, table } from './report.js';
import { type BenchServer, benchServer } from './server.js';
import { median } from './statistics.js';

/** A forest scores so slowly that more rows would only repeat the figure. */
const MOST_FOREST_ROWS = 100_000;

interface Case {
  readonly rows: number;
  readonly route: Route;
  readonly model: ModelName;
}

interface Result extends Case {
  readonly predawn: readonly Measured[];
  readonly good: readonly Measured[];
  readonly naive: readonly Measured[];
  readonly limits: Limits | undefined;
}

/** Routes × models × rows: speed, memory, limit ratios and peer ratios, as Markdown. */
export async function runCases(options: Options): Promise<string> {
  const python = options.peers ? await findPython() : undefined;
  const models = await findModels(python);
  const needsServer = options.routes.some((route) => route !== 'csv-files');
  const server = needsServer ? await benchServer() : undefined;
  const results: Result[] = [];
  try {
    for (const rows of options.rows) results.push(...(await runRows(rows, options, models, python, server)));
  } finally {
    await server?.stop();
  }
  const versions = [server?.version, python?.versions].filter((text) => text !== undefined);
  const heading = versions.length === 0 ? [] : [`${versions.join('; ')}.`];
  return [...heading, casesTable(results), ...(options.limits ? [limitsTable(results)] : [])].join('\n\n');
}

async function runRows(
  rows: number,
  options: Options,
  models: BenchModels,
  python: Python | undefined,
  server: BenchServer | undefined,
): Promise<Result[]> {
  const project = await benchProject(rows, options.workers, models);
  const source = server && (await createDatabase(server.url, 'source'));
  const results: Result[] = [];
  try {
    if (source !== undefined && options.routes.includes('postgres-postgres'))
      await loadCustomers(source.url, rows);
    for (const route of options.routes) {
      for (const model of options.models ?? MODELS) {
        const found = models[model];
        if (found === undefined || (options.models === undefined && isSlow(model, rows))) continue;
        const destination =
          route === 'csv-files' ? undefined : await createDatabase(server!.url, 'destination');
        const databases = { source: source?.url, destination: destination?.url };
        try {
          results.push(await runCase({ rows, route, model }, options, project, databases, found, python));
        } finally {
          await destination?.drop();
        }
      }
    }
  } finally {
    await source?.drop();
    await project.drop();
  }
  return results;
}

function isSlow(model: ModelName, rows: number): boolean {
  return model === 'forest' && rows > MOST_FOREST_ROWS;
}

async function runCase(
  each: Case,
  options: Options,
  project: BenchProject,
  databases: Databases,
  { joblib }: BenchModel,
  python: Python | undefined,
): Promise<Result> {
  const { route, model, rows } = each;
  const times: Record<'predawn' | PeerName, Measured[]> = { predawn: [], good: [], naive: [] };

  async function peer(name: PeerName): Promise<void> {
    if (python === undefined || joblib === undefined) return;
    if (databases.destination !== undefined) await settle(databases.destination);
    const date = await project.nextDate();
    times[name].push(
      await runPeer(python, name, route, { joblib, rows, date, folder: project.folder, databases }),
    );
  }

  for (let round = 0; round < options.rounds; round++) {
    if (databases.destination !== undefined) await settle(databases.destination);
    times.predawn.push(await project.run(model, route, databases));
    await peer('good');
    if (options.naive && round === 0) await peer('naive');
  }
  const limits = options.limits ? await measureLimits(project, model, route, databases) : undefined;
  const seconds = fixed(median(times.predawn.map(({ wall }) => wall)), 2);
  console.error(`${route}, ${model}, ${count(rows)} rows: ${seconds} s`);
  return { ...each, ...times, limits };
}

function casesTable(results: readonly Result[]): string {
  const header = [
    'case',
    'rows',
    'rows/s',
    'seconds',
    'CPU s',
    'peak MB',
    'limit ratio',
    'good.py s',
    'good.py CPU s',
    'good.py peak MB',
    'peer ratio',
    'naive.py s',
    'naive ratio',
  ];
  const lines = results.map(({ route, model, rows, predawn, good, naive, limits }) => {
    const wall = middle(predawn, 'wall');
    return [
      `${route}, ${model}`,
      count(rows),
      count(Math.round(rows / wall)),
      fixed(wall, 2),
      fixed(middle(predawn, 'cpu'), 2),
      megabytes(peak(predawn)),
      fixed(limits && slowest(limits)[1] / wall, 2),
      ...(good.length === 0
        ? [undefined, undefined, undefined, undefined]
        : [
            fixed(middle(good, 'wall'), 2),
            fixed(middle(good, 'cpu'), 2),
            megabytes(peak(good)),
            fixed(middle(good, 'wall') / wall, 1),
          ]),
      ...(naive.length === 0
        ? [undefined, undefined]
        : [fixed(middle(naive, 'wall'), 1), fixed(middle(naive, 'wall') / wall, 1)]),
    ];
  });
  return table(header, lines);
}

function limitsTable(results: readonly Result[]): string {
  const stages = ['decode', 'score', 'encode + write', 'COPY out', 'COPY in + key', SHARED_WORK];
  const lines = results.map(({ route, model, rows, predawn, limits = {} }) => [
    `${route}, ${model}`,
    count(rows),
    ...stages.map((stage) => fixed(limits[stage], 2)),
    fixed(middle(predawn, 'wall'), 2),
  ]);
  return `Seconds of each stage alone, and of the run:\n\n${table(['case', 'rows', ...stages, 'run'], lines)}`;
}

function middle(runs: readonly Measured[], figure: 'wall' | 'cpu'): number {
  return median(runs.map((run) => run[figure]));
}

function peak(runs: readonly Measured[]): number | undefined {
  const known = runs.flatMap(({ peakMemory }) => (peakMemory === undefined ? [] : [peakMemory]));
  return known.length === 0 ? undefined : Math.max(...known);
}
