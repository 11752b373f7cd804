import { createDatabase, loadCustomers, settle } from './database.js';
import type { Section } from './bars.js';
import {
  type Case,
  type CaseResult,
  caseFigures,
  casesTable,
  limitsTable,
  perRowTable,
} from './case-report.js';
import { measureLimits } from './limits/limits.js';
import type { Measured } from './measure.js';
import type { ModelName, Options } from './options.js';
import { type PeerName, runPeer } from './peer.js';
import { type BenchProject, benchProject, type Databases } from './project.js';
import { type BenchModel, type BenchModels, findModels, findPython, type Python } from './python.js';
import { count, fixed } from './report.js';
import { type BenchServer, benchServer } from './server.js';
import { median, NO_SERVER } from './statistics.js';

const ROWS = [100_000, 1_000_000];
const FULL_ROWS = 10_000_000;
/** A forest scores so slowly that more rows would only repeat the figure. */
const MOST_FOREST_ROWS = 100_000;
/** Beyond, other models than the linear one and the peers would repeat theirs, at length. */
const MOST_ROWS = 1_000_000;
const LIMIT_ROUNDS = 3;

/** Routes × models × rows: speed, memory, limit ratios and peer ratios. */
export async function runCases(options: Options): Promise<Section> {
  const python = options.peers ? await findPython() : undefined;
  const models = await findModels(python);
  const needsServer = options.routes.some((route) => route !== 'csv-files');
  const server = needsServer ? await benchServer() : undefined;
  const results: CaseResult[] = [];
  try {
    for (const rows of options.rows ?? [...ROWS, ...(options.full ? [FULL_ROWS] : [])])
      results.push(...(await runRows(rows, options, models, python, server)));
  } finally {
    await server?.stop();
  }
  const versions = [server?.version, python?.versions].filter((text) => text !== undefined);
  const heading = versions.length === 0 ? undefined : `${versions.join('; ')}.`;
  const tables = [
    casesTable(results),
    options.limits ? limitsTable(results) : undefined,
    perRowTable(results),
  ];
  return {
    text: [heading, ...tables].filter((text) => text !== undefined).join('\n\n'),
    figures: caseFigures(results),
  };
}

async function runRows(
  rows: number,
  options: Options,
  models: BenchModels,
  python: Python | undefined,
  server: BenchServer | undefined,
): Promise<CaseResult[]> {
  const project = await benchProject(rows, options.workers, models);
  const source = server && (await createDatabase(server.url, 'source'));
  const results: CaseResult[] = [];
  try {
    if (source !== undefined && options.routes.includes('postgres-postgres'))
      await loadCustomers(source.url, rows);
    for (const route of options.routes) {
      for (const model of options.models ?? modelsFor(rows, options.full)) {
        const found = models[model];
        if (found === undefined) continue;
        const destination =
          route === 'csv-files' ? undefined : await createDatabase(server!.url, 'destination');
        const databases = { source: source?.url, destination: destination?.url };
        try {
          results.push(
            await runCase({ rows, route, model }, options, project, databases, found, python, server),
          );
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

function modelsFor(rows: number, full: boolean): readonly ModelName[] {
  if (rows > MOST_ROWS) return ['linear'];
  return full && rows <= MOST_FOREST_ROWS ? ['linear', 'boosted', 'forest'] : ['linear', 'boosted'];
}

async function runCase(
  each: Case,
  options: Options,
  project: BenchProject,
  databases: Databases,
  { joblib }: BenchModel,
  python: Python | undefined,
  server: BenchServer | undefined,
): Promise<CaseResult> {
  const { route, model, rows } = each;
  const times: Record<'predawn' | PeerName, Measured[]> = { predawn: [], good: [], naive: [] };
  const serverCpu: number[] = [];
  const clock = route === 'csv-files' || server === undefined ? NO_SERVER : server.cpuSeconds;

  async function peer(name: PeerName): Promise<void> {
    if (python === undefined || joblib === undefined || rows > MOST_ROWS) return;
    if (databases.destination !== undefined) await settle(databases.destination);
    const date = await project.nextDate();
    times[name].push(
      await runPeer(python, name, route, { joblib, rows, date, folder: project.folder, databases }),
    );
  }

  for (let round = 0; round < options.rounds; round++) {
    if (databases.destination !== undefined) await settle(databases.destination);
    const start = clock();
    times.predawn.push(await project.run(model, route, databases));
    const end = clock();
    if (start !== undefined && end !== undefined) serverCpu.push(end - start);
    await peer('good');
    if (options.naive && round === 0) await peer('naive');
  }
  const limitRounds = rows > MOST_ROWS ? 1 : Math.min(options.rounds, LIMIT_ROUNDS);
  const limits = options.limits
    ? await measureLimits(project, model, route, databases, clock, limitRounds)
    : undefined;
  const seconds = fixed(median(times.predawn.map(({ wall }) => wall)), 2);
  console.error(`${route}, ${model}, ${count(rows)} rows: ${seconds} s`);
  return { ...each, ...times, serverCpu, limits };
}
