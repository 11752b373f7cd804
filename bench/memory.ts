import type { Figure, Section } from './bars.js';
import { createDatabase, loadCustomers, settle } from './database.js';
import type { Measured } from './measure.js';
import type { Options, Route } from './options.js';
import { benchProject, type BenchProject } from './project.js';
import { type BenchModels, findModels } from './python.js';
import { count, fixed, megabytes, table } from './report.js';
import { type BenchServer, benchServer } from './server.js';
import { median } from './statistics.js';

/** Ten times the rows must not take ten times the memory, nor more time a row. */
const ROWS = [200_000, 2_000_000];
const FULL_ROWS = [1_000_000, 10_000_000];

interface Size {
  readonly rows: number;
  readonly runs: ReadonlyMap<Route, readonly Measured[]>;
}

/** Peak memory and time per row of the linear model at several sizes, for each route. */
export async function runMemory(options: Options): Promise<Section> {
  const { routes } = options;
  const models = await findModels(undefined);
  const server = routes.some((route) => route !== 'csv-files') ? await benchServer() : undefined;
  const sizes: Size[] = [];
  try {
    for (const rows of options.rows ?? (options.full ? FULL_ROWS : ROWS))
      sizes.push(await runSize(rows, options, models, server));
  } finally {
    await server?.stop();
  }
  const fewest = sizes[0]!;
  const lines = sizes.flatMap((size) =>
    routes.map((route) => [
      route,
      count(size.rows),
      megabytes(peak(size, route)),
      size === fewest ? undefined : fixed(peak(size, route) / peak(fewest, route), 2),
      fixed(perRow(size, route) * 1e6, 2),
      size === fewest ? undefined : fixed(perRow(size, route) / perRow(fewest, route), 2),
    ]),
  );
  return {
    text: table(['linear', 'rows', 'peak MB', 'ratio', 'µs/row', 'ratio'], lines),
    figures: figuresOf(sizes, routes),
  };
}

async function runSize(
  rows: number,
  { routes, rounds, workers }: Options,
  models: BenchModels,
  server: BenchServer | undefined,
): Promise<Size> {
  const project = await benchProject(rows, workers, models);
  const source =
    server && routes.includes('postgres-postgres') ? await createDatabase(server.url, 'source') : undefined;
  const runs = new Map<Route, readonly Measured[]>();
  try {
    if (source !== undefined) await loadCustomers(source.url, rows);
    for (const route of routes) {
      runs.set(route, await runRoute(project, route, rounds, source?.url, server));
      console.error(`memory: ${route}, ${count(rows)} rows: done`);
    }
  } finally {
    await source?.drop();
    await project.drop();
  }
  return { rows, runs };
}

async function runRoute(
  project: BenchProject,
  route: Route,
  rounds: number,
  source: string | undefined,
  server: BenchServer | undefined,
): Promise<readonly Measured[]> {
  const destination = route === 'csv-files' ? undefined : await createDatabase(server!.url, 'destination');
  const runs: Measured[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      if (destination !== undefined) await settle(destination.url);
      runs.push(await project.run('linear', route, { source, destination: destination?.url }));
    }
  } finally {
    await destination?.drop();
  }
  return runs;
}

function figuresOf(sizes: readonly Size[], routes: readonly Route[]): Figure[] {
  const [million, tenMillion] = FULL_ROWS.map((rows) => sizes.find((size) => size.rows === rows));
  if (tenMillion === undefined) return [];
  return routes.flatMap((route) => {
    const most = peak(tenMillion, route);
    const figures: Figure[] = [{ bar: 'memory/most', value: most / 1e6, of: route }];
    if (million !== undefined) {
      figures.push({ bar: 'memory/ratio', value: most / peak(million, route), of: route });
      figures.push({ bar: 'per-row', value: perRow(tenMillion, route) / perRow(million, route), of: route });
    }
    return figures;
  });
}

function peak({ runs }: Size, route: Route): number {
  return median(runs.get(route)!.map(({ peakMemory }) => peakMemory ?? NaN));
}

function perRow({ rows, runs }: Size, route: Route): number {
  return median(runs.get(route)!.map(({ wall }) => wall)) / rows;
}
