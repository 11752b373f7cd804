import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parquetReadObjects } from 'hyparquet';
import type { Receipt } from '../../src/domain/receipt.js';
import { runInProcess } from '../helpers/in-process.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';
import { parse } from 'csv-parse/sync';

/** A query as input, in shards: to files, where the order of rows shows, and to a database. */
const SETTINGS = `registry: ./registry
workers: 1
block_bytes: 16KiB
environments:
  dev:
    source: "\${DATABASE}"
    destination: ./predictions
  production:
    source: "\${DATABASE}"
    destination: "\${DATABASE}"
`;
const FILE = `predictions/churn_predictions/as_of=${SAMPLE_DATE}/predictions.parquet`;

describe('a query in shards', () => {
  let database: TestDatabase;
  let project: TestProject;
  beforeAll(async () => {
    database = await createDatabase();
    project = await sampleProject({ settings: SETTINGS });
    await loadCustomers(database, await project.read(`data-samples/churn/${SAMPLE_DATE}.csv`));
    await project.edit(
      'jobs/churn.yaml',
      'where as_of = :date',
      'where as_of = :date order by md5(customer_id)',
    );
  });
  afterAll(async () => {
    await project.drop();
    await database.drop();
  });

  it('gives the rows of a run in one piece, in its order', async () => {
    const whole = await receiptOf('run', ...DATE);
    const before = await fileRows();
    const sharded = await receiptOf('run', ...DATE, '--shards', '6', '--force');
    expect(await fileRows()).toEqual(before);
    expect(sharded).toMatchObject({ shards: 6, input: whole.input, rows: whole.rows });
    expect(await receiptOf('run', ...DATE, '--shards', '6')).toMatchObject({ outcome: 'unchanged' });
  });

  it('goes on where it died, to a database; a row that changed since makes it begin anew', async () => {
    const production = [...DATE, '--env', 'production'];
    const score = (attempt: string, shard: number) =>
      run('score', '--attempt', attempt, '--shard', String(shard), '--env', 'production');
    const plan = async () => {
      const { attempt_id } = (await json('plan', ...production, '--shards', '5')) as { attempt_id: string };
      return attempt_id;
    };
    const first = await plan();
    for (const shard of [0, 3]) expect((await score(first, shard)).code).toBe(0);
    await database.client.query('update customers set tenure_months = tenure_months + 1');
    const { code, stderr } = await score(first, 1);
    expect([code, stderr]).toEqual([66, expect.stringContaining('input.changed')]);

    const second = await plan();
    expect(second).not.toBe(first);
    expect((await score(second, 2)).code).toBe(0);
    const receipt = await receiptOf('run', ...production, '--resume');
    expect(receipt).toMatchObject({ attempt_id: second, outcome: 'published', shards: 5 });
    const published = await tableRows();
    expect(published).toHaveLength(receipt.rows.scored);
    await receiptOf('run', ...production, '--force');
    expect(await tableRows()).toEqual(published);
  });

  const DATE = ['churn', '--date', SAMPLE_DATE];

  function run(...args: string[]) {
    return runInProcess(args, { cwd: project.folder, env: { DATABASE: database.url } });
  }

  async function json(...args: string[]): Promise<unknown> {
    const { code, stdout, stderr } = await run(...args, '--json');
    expect(code, stderr + stdout).toBe(0);
    return JSON.parse(stdout);
  }

  async function receiptOf(...args: string[]): Promise<Receipt> {
    return (await json(...args)) as Receipt;
  }

  async function fileRows(): Promise<unknown[]> {
    const bytes = await readFile(path.join(project.folder, FILE));
    const own = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const rows = await parquetReadObjects({ file: own });
    const published = ['customer_id', 'churn_probability', 'churn'];
    return rows.map((row) => published.map((name): unknown => row[name]));
  }

  async function tableRows(): Promise<unknown[]> {
    const { rows } = await database.client.query<Record<string, unknown>>(
      'select customer_id, churn_probability, churn from churn_predictions order by customer_id',
    );
    return rows;
  }
});

/** The sample as a table: numbers where every value is one, else text. */
async function loadCustomers({ client }: TestDatabase, text: string): Promise<void> {
  const records: Record<string, string>[] = parse(text, { columns: true });
  const names = Object.keys(records[0]!);
  const numeric = (name: string) =>
    records.every((record) => record[name]!.trim() === '' || !Number.isNaN(Number(record[name])));
  const columns = names.map((name) => `${name} ${numeric(name) ? 'float8' : 'text'}`);
  await client.query(`create table customers (as_of date, ${columns.join(', ')})`);
  for (const record of records) {
    const values = names.map((name) => (record[name]!.trim() === '' ? null : record[name]!));
    const places = names.map((_, index) => `$${index + 2}`).join(', ');
    await client.query(`insert into customers values ($1, ${places})`, [SAMPLE_DATE, ...values]);
  }
}
