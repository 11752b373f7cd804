import { createDatabase, loadCustomers } from './database.js';
import type { Options } from './options.js';
import { benchProject } from './project.js';
import { findModels } from './python.js';
import { fixed, megabytes, table } from './report.js';
import { benchServer } from './server.js';
import { median } from './statistics.js';

/** Ten times the rows must not take ten times the memory. */
const FEWER = 200_000;
const MORE = 2_000_000;

/** Peak memory of the linear model at two sizes, for each route, as Markdown. */
export async function runMemory({ routes, rounds, workers }: Options): Promise<string> {
  const models = await findModels(undefined);
  const server = routes.some((route) => route !== 'csv-files') ? await benchServer() : undefined;
  const peaks = new Map<string, number[]>();
  try {
    for (const rows of [FEWER, MORE]) {
      const project = await benchProject(rows, workers, models);
      const source = server && (await createDatabase(server.url, 'source'));
      const destination = server && (await createDatabase(server.url, 'destination'));
      if (source !== undefined && routes.includes('postgres-postgres')) await loadCustomers(source.url, rows);
      const databases = { source: source?.url, destination: destination?.url };
      for (const route of routes) {
        const runs: number[] = [];
        for (let round = 0; round < rounds; round++) {
          runs.push((await project.run('linear', route, databases)).peakMemory ?? NaN);
        }
        peaks.set(`${route} ${rows}`, runs);
      }
      await source?.drop();
      await destination?.drop();
      await project.drop();
    }
  } finally {
    await server?.stop();
  }
  const lines = routes.map((route) => {
    const fewer = median(peaks.get(`${route} ${FEWER}`)!);
    const more = median(peaks.get(`${route} ${MORE}`)!);
    return [route, megabytes(fewer), megabytes(more), fixed(more / fewer, 2)];
  });
  return table(['peak memory, linear', 'MB at 200,000 rows', 'MB at 2,000,000 rows', 'ratio'], lines);
}
