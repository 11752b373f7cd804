import path from 'node:path';
import { customersFile } from './cache.js';
import { customersTable } from './database.js';
import { measure, type Measured } from './measure.js';
import type { Route } from './options.js';
import type { Databases } from './project.js';
import type { Python } from './python.js';
import { REPOSITORY } from './repository.js';

export type PeerName = 'good' | 'naive';

/** One day's work for a peer, on a date that it had not before. */
export interface PeerRun {
  readonly joblib: string;
  readonly rows: number;
  readonly date: string;
  /** For a CSV of predictions. */
  readonly folder: string;
  readonly databases: Databases;
}

/** Runs a script of bench/peers as a process of its own; throws unless it scored every row. */
export async function runPeer(
  python: Python,
  peer: PeerName,
  route: Route,
  { joblib, rows, date, folder, databases }: PeerRun,
): Promise<Measured> {
  const from =
    route === 'postgres-postgres'
      ? ['--query', `select * from ${customersTable(rows)}`, '--from-url', databases.source!]
      : ['--csv', await customersFile(rows)];
  const to =
    route === 'csv-files'
      ? ['--to-csv', path.join(folder, `${peer}-${date}.csv`)]
      : ['--to-url', databases.destination!];
  const script = path.join(REPOSITORY, 'bench/peers', `${peer}.py`);
  const args = ['-W', 'ignore', script, '--model', joblib, '--date', date, ...from, ...to];
  const measured = await measure(python.program, args, { cwd: folder });
  if (Number(measured.stdout) !== rows)
    throw new Error(`${peer}.py scored ${measured.stdout} rows of ${rows}`);
  return measured;
}
