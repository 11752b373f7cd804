import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { type InProcessResult, runInProcess } from '../helpers/in-process.js';
import { createDatabase, createRole, type TestDatabase, type TestRole } from '../helpers/postgres.js';
import { GOLDEN, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** The roles of docs/postgres.md, with the lines that are there, in a database of their own. */
const ROLES = ['scoring', 'releasing', 'watching', 'mending', 'reading'] as const;
type RoleName = (typeof ROLES)[number];
const EARLIER = '2026-11-20';
const SHARDED = '2026-11-19';
const SAMPLE_SQL = readFileSync(path.join(REPOSITORY, 'data-samples/churn/customers.sql'), 'utf8');
const SETTINGS = `registry: \${URL}
workers: 1
environments:
  production:
    source: \${URL}
    destination: \${URL}
`;

let project: TestProject;
let database: TestDatabase;
const roles = {} as Record<RoleName, TestRole>;

/** The SQL under "Rights", a block each, with the names of this run's roles. */
function grantsOfDocs(): string[] {
  const page = readFileSync(path.join(REPOSITORY, 'docs/postgres.md'), 'utf8');
  const [, section] = page.split('\n## Rights\n');
  const blocks = [...section!.split('\n## ')[0]!.matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql!);
  return blocks.map((sql) =>
    ROLES.reduce((all, role) => all.replaceAll(new RegExp(`\\b${role}\\b`, 'g'), roles[role].name), sql),
  );
}

const as = (role: RoleName, ...args: string[]): Promise<InProcessResult> =>
  runInProcess(args, { cwd: project.folder, env: { URL: roles[role].url } });

async function succeeds(role: RoleName, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await as(role, ...args);
  expect({ code, stderr }, `${role}: predawn ${args.join(' ')}`).toEqual({ code: 0, stderr: '' });
  return stdout;
}

const json = async (role: RoleName, ...args: string[]): Promise<Record<string, unknown>> =>
  JSON.parse(await succeeds(role, ...args, '--json')) as Record<string, unknown>;

beforeAll(async () => {
  database = await createDatabase();
  for (const role of ROLES) roles[role] = await createRole(database);
  project = await sampleProject();
  await project.write('predawn.yaml', SETTINGS);
  await project.edit('jobs/churn.yaml', 'table: churn_predictions', 'table: predictions.churn_predictions');
  await database.client.query(SAMPLE_SQL);
  const { stdout } = await runInProcess(['db', 'sql'], { cwd: project.folder });
  await database.client.query(stdout);
  await database.client.query(
    `create schema predictions;
     create table predictions.scores (as_of date not null, customer_id text not null, churn_probability float4,
       churn text, primary key (as_of, customer_id));`,
  );
  const grants = grantsOfDocs();
  expect(grants).toHaveLength(7);
  for (const sql of grants.slice(0, -1)) await database.client.query(sql);

  await succeeds('releasing', 'model', 'add', 'churn', 'data-samples/churn/model.onnx', ...GOLDEN);
  await succeeds('releasing', 'model', 'promote', 'churn', '1', '--to', 'production');
  await succeeds('scoring', 'run', 'churn', '--date', SAMPLE_DATE);
  await database.client.query(grants.at(-1)!);
});
afterAll(async () => {
  for (const role of ROLES.toReversed()) await roles[role].drop();
  await database.drop();
  await project.drop();
});

describe('with the grants of docs/postgres.md', () => {
  it('scoring runs, runs again, stages, compares, restores and runs in shards', async () => {
    await succeeds('scoring', 'validate', '--date', SAMPLE_DATE);
    expect(await json('scoring', 'run', 'churn', '--date', SAMPLE_DATE)).toMatchObject({
      outcome: 'unchanged',
    });
    await database.client.query(
      `update customers set support_calls = support_calls + 9 where as_of = '${SAMPLE_DATE}' and customer_id < 'C-0000200'`,
    );
    expect(await json('scoring', 'run', 'churn', '--date', SAMPLE_DATE, '--compare')).toMatchObject({
      outcome: 'dry-run',
    });
    expect(await json('scoring', 'run', 'churn', '--date', SAMPLE_DATE)).toMatchObject({
      outcome: 'published',
      changes: { inserted: 0, deleted: 0 },
    });
    await succeeds('scoring', 'restore', 'churn', '--date', SAMPLE_DATE, '--reason', 'a test');
    await succeeds('scoring', 'run', 'churn', '--date', EARLIER, '--dry-run');
    const staged = await json('scoring', 'run', 'churn', '--date', EARLIER, '--stage-only');
    await succeeds('scoring', 'publish', String(staged['attempt_id']));

    const plan = await json('scoring', 'plan', 'churn', '--date', SHARDED, '--shards', '2');
    const attempt = String(plan['attempt_id']);
    for (const shard of ['0', '1'])
      await succeeds('scoring', 'score', '--attempt', attempt, '--shard', shard);
    await succeeds('scoring', 'publish', attempt);
    await succeeds('scoring', 'run', 'churn', '--date', SHARDED, '--shards', '2', '--force');
    const { rows } = await database.client.query<{ count: number }>(
      'select count(*)::integer as count from predictions.churn_predictions group by as_of',
    );
    expect(rows).toEqual([{ count: 500 }, { count: 500 }, { count: 500 }]);
  });

  it('scoring publishes to a table that another made, twice', async () => {
    await project.write(
      'jobs/elsewhere.yaml',
      (await project.read('jobs/churn.yaml')).replace('predictions.churn_predictions', 'predictions.scores'),
    );
    await succeeds('scoring', 'run', 'elsewhere', '--date', SAMPLE_DATE);
    expect(await json('scoring', 'run', 'elsewhere', '--date', SAMPLE_DATE, '--force')).toMatchObject({
      outcome: 'published',
    });
    await rm(path.join(project.folder, 'jobs/elsewhere.yaml'));
  });

  it('releasing adds, promotes, tries out and rolls back; scoring records how a canary went', async () => {
    const model = path.join(project.folder, 'data-samples/churn/model.onnx');
    // Another model by a letter of its producer's name.
    const other = (await readFile(model)).toString('latin1').replace('skl2onnx', 'SKL2onnx');
    await project.write('other.onnx', Buffer.from(other, 'latin1'));
    await succeeds('releasing', 'model', 'add', 'churn', 'other.onnx', ...GOLDEN);
    await succeeds('releasing', 'model', 'list');
    await succeeds('releasing', 'model', 'promote', 'churn', '2', '--to', 'production', '--reason', 'a test');
    await succeeds('releasing', 'model', 'rollback', 'churn', '--env', 'production', '--reason', 'a test');
    await succeeds('releasing', 'model', 'canary', 'churn', '2', '--env', 'production', '--ramp', '50%,100%');
    const ran = await json('scoring', 'run', 'churn', '--date', SAMPLE_DATE, '--force');
    expect(ran).toMatchObject({ outcome: 'published', warnings: [] });
    await succeeds('releasing', 'model', 'history', 'churn');
    const { rows } = await database.client.query('select action from predawn.rollout_moves order by number');
    expect(rows).toEqual([{ action: 'start' }, { action: 'clean' }]);
    await succeeds('releasing', 'model', 'canary', 'churn', '--env', 'production', '--stop');
  });

  it('watching sees every run; mending the rejects, too', async () => {
    await database.client.query(
      `alter table customers alter plan drop not null;
       update customers set plan = null where as_of = '${SAMPLE_DATE}' and customer_id < 'C-0000005'`,
    );
    const failed = await as('scoring', 'run', 'churn', '--date', SAMPLE_DATE);
    expect(failed.code).toBe(65);
    const runs = (await json('watching', 'runs')) as unknown as { attempt_id: string; status: string }[];
    expect(runs[0]).toMatchObject({ status: 'failed' });
    await succeeds('watching', 'show', runs[0]!.attempt_id);
    expect((await as('watching', 'status')).stderr).toBe('');
    expect([0, 69]).toContain((await as('watching', 'check')).code);

    const refused = await as('watching', 'rejects', runs[0]!.attempt_id);
    expect(refused).toMatchObject({ code: 78, stdout: '' });
    expect(refused.stderr).toContain('grant select on rejects');
    expect(await succeeds('mending', 'rejects', runs[0]!.attempt_id)).toMatch(/plan +missing/);
  });
});

/** SQL that a role has no business with. */
const DENIED: Readonly<Record<RoleName, readonly string[]>> = {
  scoring: [
    'select from predawn.rejects',
    'update predawn.publications set reason = null',
    'delete from predawn.attempts',
    'delete from predawn.publications',
    'delete from predawn.rejects',
    'delete from predawn.shards',
    'insert into predawn.artefacts select * from predawn.artefacts',
    'insert into predawn.alias_moves select * from predawn.alias_moves',
    'update predawn.rollout_moves set share = 1',
    'drop table predawn.attempts',
    'create table predawn.mine ()',
    'create schema mine',
    'update customers set plan = plan',
    'truncate predictions.scores',
  ],
  releasing: [
    'select from customers',
    'select from predictions.churn_predictions',
    'select from predawn.attempts',
    'select from predawn.rejects',
    'update predawn.artefacts set version = version',
    'update predawn.alias_moves set reason = null',
    'delete from predawn.alias_moves',
    'delete from predawn.artefact_files',
    'create table predawn.mine ()',
  ],
  watching: [
    'select from predawn.rejects',
    'select from customers',
    'select from predictions.churn_predictions',
    'select from predawn.artefacts',
    `update predawn.attempts set status = 'failed'`,
    `insert into predawn.publications (job) values ('mine')`,
  ],
  mending: [
    'delete from predawn.rejects',
    'insert into predawn.rejects select * from predawn.rejects',
    'select from customers',
    'select from predictions.churn_predictions',
    `update predawn.attempts set status = 'failed'`,
  ],
  reading: [
    'select from predawn.runs',
    'select from customers',
    'update predictions.churn_predictions set churn = churn',
    'delete from predictions.churn_predictions',
    'create table predictions.mine ()',
  ],
};

describe.each(ROLES)('%s', (role) => {
  it('can do nothing else', async () => {
    const client = new pg.Client({ connectionString: roles[role].url });
    await client.connect();
    try {
      if (role === 'reading') await client.query('select from predictions.churn_predictions');
      for (const sql of DENIED[role])
        await expect(client.query(sql), sql).rejects.toMatchObject({ code: '42501' });
      const { rows } = await database.client.query<{ name: string }>(
        `select c.relname as name from pg_class c where c.relnamespace = 'predictions'::regnamespace and c.relispartition
         limit 1`,
      );
      const partition = `select from predictions.${pg.escapeIdentifier(rows[0]!.name)}`;
      if (role !== 'scoring') await expect(client.query(partition)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });
});
