import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { customersFile } from './cache.js';
import { customersTable } from './database.js';
import { measure, type Measured } from './measure.js';
import type { ModelName, Route } from './options.js';
import type { BenchModels } from './python.js';
import { MAIN } from './repository.js';

/** Where a database route reads and publishes; both undefined for files. */
export interface Databases {
  readonly source: string | undefined;
  readonly destination: string | undefined;
}

/** A user's project in a temporary folder: a job of each model, an environment of each route. */
export interface BenchProject {
  readonly folder: string;
  readonly rows: number;
  readonly workers: number;
  /** A date that no run had before, its input in place. */
  nextDate(): Promise<string>;
  /** Any command as a process of its own; throws unless it exits 0. */
  predawn(args: readonly string[], databases: Databases): Promise<Measured>;
  /** `predawn run`; throws unless it published every row. */
  run(model: ModelName, route: Route, databases: Databases): Promise<Measured>;
  drop(): Promise<void>;
}

const DAY_MILLISECONDS = 86_400_000;
const FIRST_DATE = Date.UTC(2024, 0, 1);

export async function benchProject(
  rows: number,
  workers: number,
  models: BenchModels,
): Promise<BenchProject> {
  const folder = await mkdtemp(path.join(tmpdir(), 'predawn-bench-project-'));
  const csv = await customersFile(rows);
  await mkdir(path.join(folder, 'jobs'));
  await mkdir(path.join(folder, 'data'));
  await writeFile(path.join(folder, 'predawn.yaml'), settings(workers));
  for (const [name, { onnx }] of Object.entries(models)) {
    await writeFile(path.join(folder, 'jobs', `${name}.yaml`), jobFile(name, rows));
    await measure(process.execPath, [MAIN, 'model', 'add', name, onnx, '--quiet'], { cwd: folder });
    for (const route of ['csv-files', 'csv-postgres', 'postgres-postgres']) {
      const promote = [MAIN, 'model', 'promote', name, '1', '--to', route, '--quiet'];
      await measure(process.execPath, promote, { cwd: folder });
    }
  }
  let days = 0;

  async function nextDate(): Promise<string> {
    const date = new Date(FIRST_DATE + DAY_MILLISECONDS * days++).toISOString().slice(0, 10);
    await symlink(csv, path.join(folder, 'data', `${date}.csv`));
    return date;
  }

  function predawn(args: readonly string[], databases: Databases): Promise<Measured> {
    const env = { ...environmentVariables(databases), PREDAWN_LOG_LEVEL: 'silent' };
    return measure(process.execPath, [MAIN, ...args], { cwd: folder, env });
  }

  return {
    folder,
    rows,
    workers,
    nextDate,
    predawn,
    async run(model, route, databases) {
      const args = ['run', model, '--env', route, '--date', await nextDate(), '--json'];
      const measured = await predawn(args, databases);
      const { changes } = JSON.parse(measured.stdout) as { changes?: { inserted: number } };
      if (changes?.inserted !== rows) throw new Error(`predawn did not publish ${rows} rows`);
      return measured;
    },
    drop: () => rm(folder, { recursive: true, force: true }),
  };
}

export function environmentVariables({ source, destination }: Databases): Record<string, string> {
  return {
    ...(source !== undefined && { PREDAWN_SOURCE_URL: source }),
    ...(destination !== undefined && { PREDAWN_DESTINATION_URL: destination }),
  };
}

function settings(workers: number): string {
  return `registry: ./registry
workers: ${workers}
environments:
  csv-files:
    destination: ./predictions
  csv-postgres:
    destination: \${PREDAWN_DESTINATION_URL}
  postgres-postgres:
    source: \${PREDAWN_SOURCE_URL}
    destination: \${PREDAWN_DESTINATION_URL}
`;
}

function jobFile(model: string, rows: number): string {
  return `model: ${model}
timezone: UTC
input:
  csv: data/{date}.csv
  query: select * from ${customersTable(rows)}
key: customer_id
missing:
  total_charges: { tokens: [" "], then: nan }
  data_gb: { then: nan }
  satisfaction: { then: nan }
output:
  table: predictions_${model}
  columns:
    churn_probability: probabilities[yes]
    churn: label
`;
}
