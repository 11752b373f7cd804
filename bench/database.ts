import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { customersSql, SAMPLE_SEED } from '../data-samples/generate.js';
import { customersFile } from './cache.js';

/** A database of the bench's own, dropped after use. */
export interface BenchDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Runs `work` with a connection of its own. */
export async function withClient<Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export async function createDatabase(server: string, purpose: string): Promise<BenchDatabase> {
  const name = `predawn_bench_${purpose}_${process.pid}`;
  const drop = () =>
    withClient(server, (client) => client.query(`drop database if exists ${name} with (force)`)).then(
      () => undefined,
    );
  await drop();
  await withClient(server, (client) =>
    client.query(`create database ${name} template template0 encoding 'UTF8'`),
  );
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop };
}

export function customersTable(rows: number): string {
  return `customers_${rows}`;
}

/** The rows of `customersFile` as a table, in the types of data-samples' own and without a date. */
export async function loadCustomers(url: string, rows: number): Promise<void> {
  const file = await customersFile(rows);
  await withClient(url, async (client) => {
    await client.query(customersSql(['2026-11-20'], { rows: 0, seed: SAMPLE_SEED }));
    const table = customersTable(rows);
    await client.query(`alter table customers rename to ${table}`);
    // A missing value is one space in this column of the CSV.
    await client.query(`alter table ${table} drop column as_of, alter column total_charges type text`);
    await pipeline(
      createReadStream(file),
      client.query(copyFrom(`copy ${table} from stdin (format csv, header)`)),
    );
    await client.query(
      `alter table ${table} alter column total_charges type numeric(10,2) using nullif(total_charges, ' ')::numeric`,
    );
    await client.query(`vacuum analyze ${table}`);
  });
}

/** Writes out what earlier runs left dirty, so that no run pays for another; where the role may. */
export async function settle(url: string): Promise<void> {
  await withClient(url, (client) => client.query('checkpoint')).catch(() => undefined);
}
