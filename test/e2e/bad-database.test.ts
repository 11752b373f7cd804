import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { runInProcess } from '../helpers/in-process.js';
import { createDatabase, createRole, type TestDatabase, withParts } from '../helpers/postgres.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** What goes wrong with databases, through the whole program: the sample's rows in, predictions out. */
const SETTINGS = `registry: ./registry
environments:
  production:
    source: \${SOURCE}
    destination: \${DESTINATION}
`;
const SAMPLE_SQL = readFileSync(path.join(REPOSITORY, 'data-samples/churn/customers.sql'), 'utf8');
let project: TestProject;
let database: TestDatabase;
beforeEach(async () => {
  project = await sampleProject({ settings: SETTINGS });
  database = await createDatabase();
  await database.client.query(SAMPLE_SQL);
});
afterEach(async () => {
  await database.drop();
  await project.drop();
});

function run(env: { SOURCE?: string; DESTINATION?: string } = {}, ...args: string[]) {
  const urls = { SOURCE: database.url, DESTINATION: database.url, ...env };
  return runInProcess(['run', 'churn', '--date', SAMPLE_DATE, ...args], { cwd: project.folder, env: urls });
}

async function slice(): Promise<Record<string, unknown>[]> {
  const { rows } = await database.client.query<Record<string, unknown>>(
    `select * from churn_predictions where as_of = $1 order by customer_id`,
    [SAMPLE_DATE],
  );
  return rows;
}

describe('postgres to postgres', () => {
  it('publishes a table that explains itself, once', async () => {
    const first = await run({}, '--json');
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(first.stdout)).toMatchObject({ outcome: 'published', rows: { scored: 500 } });
    const rows = await slice();
    expect(rows).toHaveLength(500);
    expect(Object.keys(rows[0]!)).toEqual([
      'as_of',
      'customer_id',
      'churn_probability',
      'churn',
      'artefact',
      'attempt_id',
      'scored_at',
    ]);
    const again = await run({}, '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ outcome: 'unchanged' });
    expect(await slice()).toEqual(rows);
  });

  it('gives the scores that the CSV of the same day gives', async () => {
    await run();
    const fromQuery = await slice();
    await project.edit('jobs/churn.yaml', /^ {2}query:.*$/m, '');
    expect(await run()).toMatchObject({ code: 0 });
    const scores = (rows: Record<string, unknown>[]) =>
      rows.map(({ customer_id, churn_probability, churn }) => [customer_id, churn_probability, churn]);
    expect(scores(await slice())).toEqual(scores(fromQuery));
  });

  it('a re-run drops rows that left the input, changes those that differ, and touches no other date', async () => {
    await run();
    await runInProcess(['run', 'churn', '--date', '2026-11-20'], {
      cwd: project.folder,
      env: { SOURCE: database.url, DESTINATION: database.url },
    });
    const other = await database.client.query(`select * from churn_predictions where as_of = '2026-11-20'`);
    const before = await slice();
    const [gone, changed, ...same] = before.map(({ customer_id }) => String(customer_id));
    await database.client.query(`delete from customers where as_of = $1 and customer_id = $2`, [
      SAMPLE_DATE,
      gone,
    ]);
    await database.client.query(
      `update customers set support_calls = support_calls + 40 where as_of = $1 and customer_id = $2`,
      [SAMPLE_DATE, changed],
    );
    const { stdout } = await run({}, '--json');
    expect(JSON.parse(stdout)).toMatchObject({ changes: { inserted: 0, updated: 1, deleted: 1 } });
    const after = await slice();
    expect(after.map(({ customer_id }) => customer_id)).toEqual([changed, ...same]);
    expect(after.slice(1)).toEqual(before.slice(2));
    const untouched = await database.client.query(
      `select * from churn_predictions where as_of = '2026-11-20'`,
    );
    expect(untouched.rows).toEqual(other.rows);
  });
});

describe('refused', () => {
  it.skipIf(!inject('asksForPasswords'))('a wrong password, which is never shown: exit 78', async () => {
    const role = await createRole(database);
    const { code, stdout, stderr } = await run(
      { SOURCE: withParts(role.url, { password: 'planted-secret' }) },
      '--json',
    );
    expect(code).toBe(78);
    expect(stderr).toContain('postgres.password');
    expect(stdout + stderr).not.toContain('planted-secret');
    await role.drop();
  });

  it('a server that is not there: exit 75', async () => {
    const port = await freePort();
    const { code, stderr } = await run({ SOURCE: `postgres://u:planted-secret@127.0.0.1:${port}/none` });
    expect(code).toBe(75);
    expect(stderr).toContain('postgres.unreachable');
    expect(stderr).not.toContain('planted-secret');
  });

  it('a database that does not exist: exit 78', async () => {
    const { code, stderr } = await run({ SOURCE: withParts(database.url, { database: 'nowhere' }) });
    expect(code).toBe(78);
    expect(stderr).toContain('nowhere');
  });

  it('a variable that is not set, before anything is touched: exit 78', async () => {
    const { code, stderr } = await run({ SOURCE: '' });
    expect(code).toBe(78);
    expect(stderr).toContain('SOURCE');
  });

  it('a role that may not create: exit 78, with what a DBA does', async () => {
    const role = await createRole(database);
    const { code, stderr } = await run({ DESTINATION: role.url });
    expect(code).toBe(78);
    expect(stderr).toContain('predawn db sql');
    await role.drop();
  });

  it('a role that may not read the input: exit 78, with the grant', async () => {
    const role = await createRole(database);
    const { code, stderr } = await run({ SOURCE: role.url });
    expect(code).toBe(78);
    expect(stderr).toContain('grant select on customers');
    await role.drop();
  });

  it('a table of that name with other columns: exit 78, naming them', async () => {
    await database.client.query(`create table churn_predictions (as_of date, customer_id text, score real)`);
    const { code, stderr } = await run();
    expect(code).toBe(78);
    expect(stderr).toContain('churn_probability');
  });

  it('a column type that the model cannot take: exit 78, naming it', async () => {
    await project.edit(
      'jobs/churn.yaml',
      'select * from customers',
      `select customer_id, now() as tenure_months, '{}'::json as city from customers`,
    );
    const { code, stderr } = await run();
    expect(code).toBe(78);
    expect(stderr).toContain('tenure_months');
    expect(stderr).toContain('city');
    expect(stderr).toContain('json');
  });

  it.each([
    ['two statements', 'select 1; drop table customers', 'statement'],
    ['a statement that is no SELECT', 'delete from customers', 'SELECT'],
    ['a hidden second statement', 'select 1) to stdout; drop table customers; --', ''],
  ])('%s: exit 78, and the table is still there', async (_, query, says) => {
    await project.edit('jobs/churn.yaml', /query:.*$/m, `query: ${JSON.stringify(query)}`);
    const { code, stderr } = await run();
    expect(code).toBe(78);
    expect(stderr).toContain(says);
    expect((await database.client.query('select from customers')).rowCount).toBe(1500);
  });

  it('keys that are NULL: exit 65, with the rejects kept', async () => {
    await project.edit(
      'jobs/churn.yaml',
      'select * from',
      `select *, nullif(customer_id, customer_id) as nobody from`,
    );
    await project.edit('jobs/churn.yaml', 'key: customer_id', 'key: nobody');
    const { code, stderr } = await run();
    expect(code).toBe(65);
    expect(stderr).toContain('500 missing_key in nobody');
    const { rows } = await database.client.query<{ count: string }>('select count(*) from predawn.rejects');
    expect(rows[0]!.count).toBe('500');
  });

  it('keys that occur twice: exit 65, naming them, and nothing is published', async () => {
    await project.edit(
      'jobs/churn.yaml',
      'select * from customers where as_of = :date',
      'select * from customers where as_of = :date union all (select * from customers where as_of = :date limit 1)',
    );
    const { code, stderr } = await run();
    expect(code).toBe(65);
    expect(stderr).toContain('gate.duplicate_keys');
    expect(stderr).toMatch(/C-\d{7}/);
    const { rows } = await database.client.query<{ there: string | null }>(
      `select to_regclass('churn_predictions')::text as there`,
    );
    expect(rows).toEqual([{ there: null }]);
  });
});

/** A port that nothing listens on: it was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 1));
    });
  });
}
