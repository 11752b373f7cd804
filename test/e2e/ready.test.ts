import { rename, rm, utimes } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { filesBeneath, SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

const INPUT = `data-samples/churn/${SAMPLE_DATE}.csv`;
let project: TestProject;
afterEach(() => project.drop());

const run = (...args: string[]) => project.run('run', 'churn', '--date', SAMPLE_DATE, ...args);
const ready = (yaml: string) => project.edit('jobs/churn.yaml', 'input:\n', `input:\n  ready: ${yaml}\n`);

describe('a CSV file that is not complete', () => {
  beforeEach(async () => {
    project = await sampleProject();
  });
  const nothingRan = async () =>
    expect(await filesBeneath(path.join(project.folder, 'predictions'))).toEqual([]);

  it('66 without its marker, 0 with it', async () => {
    await ready('{ marker: "data-samples/churn/{date}.done" }');
    const { code, stderr } = await run();
    expect(code).toBe(66);
    expect(stderr).toContain(`its marker data-samples/churn/${SAMPLE_DATE}.done does not exist`);
    expect(stderr).toContain('input.ready.wait');
    await nothingRan();
    await project.write(`data-samples/churn/${SAMPLE_DATE}.done`, '');
    expect(await run('--quiet')).toMatchObject({ code: 0 });
  });

  it('66 with another number of rows than its sidecar says, and nothing is published', async () => {
    await ready('{ rows: "data-samples/churn/{date}.count" }');
    expect((await run()).stderr).toContain(
      `its count of rows data-samples/churn/${SAMPLE_DATE}.count does not exist`,
    );
    await project.write(`data-samples/churn/${SAMPLE_DATE}.count`, 'soon\n');
    expect((await run()).stderr).toContain('does not hold a number of rows');
    await project.write(`data-samples/churn/${SAMPLE_DATE}.count`, '501\n');
    for (const how of [[], ['--dry-run'], ['--compare'], ['--shards', '3']]) {
      const { code, stderr } = await run(...how);
      expect(code).toBe(66);
      expect(stderr).toContain('the input has 500 rows, and input.ready.rows says 501');
    }
    expect(await filesBeneath(path.join(project.folder, 'predictions/churn_predictions'))).toEqual([]);
    // What is planned goes by what the sidecar says when it is gone on with.
    const plan = ['plan', 'churn', '--date', SAMPLE_DATE, '--shards', '3', '--quiet'];
    expect(await project.run(...plan)).toMatchObject({ code: 0 });
    await project.write(`data-samples/churn/${SAMPLE_DATE}.count`, ' 500\n');
    expect(await run('--quiet', '--resume')).toMatchObject({ code: 0 });
  });

  it('66 while it was written to lately', async () => {
    await ready('{ quiet: 10m }');
    const { code, stderr } = await run();
    expect(code).toBe(66);
    expect(stderr).toMatch(/was written to \d+ s ago, and is to be quiet for 600 s/);
    const before = new Date(Date.now() - 700_000);
    await utimes(path.join(project.folder, INPUT), before, before);
    expect(await run('--quiet')).toMatchObject({ code: 0 });
  });

  it('waits for the file, and is stopped by a signal meanwhile', async () => {
    await ready('{ wait: 10m, every: 0.05s }');
    const content = await project.read(INPUT);
    await rm(path.join(project.folder, INPUT));
    const stopped = project.start('run', 'churn', '--date', SAMPLE_DATE);
    await stopped.logged('waiting');
    stopped.child.kill('SIGTERM');
    expect(await stopped.finished).toMatchObject({ code: 143 });
    const waiting = project.start('run', 'churn', '--date', SAMPLE_DATE);
    await waiting.logged('waiting');
    await project.write(`${INPUT}.part`, content);
    await rename(path.join(project.folder, `${INPUT}.part`), path.join(project.folder, INPUT));
    const { code, stderr } = await waiting.finished;
    expect(code).toBe(0);
    expect(stderr).toContain(`"reason":"${INPUT} does not exist"`);
  });

  it('66 when the wait is over; a first look does not wait', async () => {
    await ready('{ marker: never, wait: 0.2s, every: 0.05s }');
    const { code, stderr } = await run();
    expect(code).toBe(66);
    expect(stderr).toContain('input.not_ready');
    expect(await run('--limit', '5')).toMatchObject({ code: 0 });
  });

  it.each([
    ['{ marker: "{day}.done" }', 'unknown placeholder {day}'],
    ['{ quiet: 10 }', 'must be a duration such as 30s, 10m, 2h or 7d'],
    ['{ mark: x }', 'Did you mean "marker"?'],
  ])('78: %s', async (yaml, said) => {
    await ready(yaml);
    const { code, stderr } = await run();
    expect(code).toBe(78);
    expect(stderr).toContain(said);
  });

  it('78: a condition for what the job does not read', async () => {
    await ready('{ sql: select true }');
    await project.edit('jobs/churn.yaml', /^ {2}query: .*$/m, '');
    const { code, stderr } = await run();
    expect(code).toBe(78);
    expect(stderr).toContain('has ready.sql without query');
  });
});

describe('a query whose rows are not complete', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase();
    project = await sampleProject({
      settings:
        'registry: ./registry\nenvironments:\n  dev:\n    source: ${URL}\n    destination: ./predictions\n',
      env: { URL: database.url },
    });
    await database.client.query(
      'create table deliveries (as_of date); create table customers (as_of date, customer_id text)',
    );
  });
  afterEach(() => database.drop());
  const query = (sql: string) => ready(`{ sql: "${sql}", marker: for-files-only }`);

  it('66 until its condition is true', async () => {
    await query('select count(*) = 2 from deliveries where as_of = :date');
    await database.client.query(`insert into deliveries values ('${SAMPLE_DATE}')`);
    const { code, stderr } = await run();
    expect(code).toBe(66);
    expect(stderr).toContain('the condition input.ready.sql is not true');
    await database.client.query(`insert into deliveries values ('${SAMPLE_DATE}')`);
    // It goes on, and finds that the table lacks columns.
    expect((await run()).stderr).not.toContain('input.not_ready');
  });

  it.each([
    ['no row', 'select true from deliveries', 66, 'not true'],
    ['NULL', 'select null::boolean', 66, 'not true'],
    ['a number', 'select 1', 78, 'something else than one boolean'],
    ['two columns', 'select true, true', 78, 'something else than one boolean'],
    ['SQL that is wrong', 'select nonsense', 78, 'nonsense'],
    ['what is no SELECT', 'delete from deliveries', 78, 'does not start with SELECT'],
    [
      'a SELECT that writes',
      'with gone as (delete from deliveries returning true) select true from gone',
      78,
      '',
    ],
  ])('%s', async (_, sql, expected, said) => {
    await query(sql);
    const { code, stderr } = await run();
    expect({ code, stderr }).toMatchObject({ code: expected });
    expect(stderr).toContain(said);
  });
});
