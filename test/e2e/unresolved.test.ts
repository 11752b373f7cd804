import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CommitProxy, startCommitProxy } from '../helpers/commit-proxy.js';
import { createDatabase, type TestDatabase, withParts } from '../helpers/postgres.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';

/** The connection is cut as a real process sends COMMIT: what it says and what the table holds must agree. */
const SETTINGS = 'registry: ./registry\nenvironments:\n  production:\n    destination: ${DESTINATION}\n';
/** COMMITs before the one that publishes. */
const OPENING = 1;
let project: TestProject;
let database: TestDatabase;
let proxy: CommitProxy;
beforeEach(async () => {
  project = await sampleProject({ settings: SETTINGS });
  database = await createDatabase();
  const { hostname, port } = new URL(database.url);
  proxy = await startCommitProxy(hostname, Number(port === '' ? 5432 : port));
  // Another date first: what is made once is there, and a run sends two COMMITs, the second one to publish.
  expect(await run(database.url, '2026-11-20')).toMatchObject({ code: 0 });
});
afterEach(async () => {
  await proxy.close();
  await project.drop();
  await database.drop();
});

function run(url: string, date = SAMPLE_DATE) {
  return project.startWith({ DESTINATION: url }, 'run', 'churn', '--date', date, '--quiet').finished;
}

const throughProxy = () => withParts(database.url.replace(/@[^/]*/, '@127.0.0.1'), { port: proxy.port });

async function rowsPublished(): Promise<number> {
  const sql = 'select count(*)::int as rows from churn_predictions where as_of = $1';
  const { rows } = await database.client.query<{ rows: number }>(sql, [SAMPLE_DATE]);
  return rows[0]!.rows;
}

describe('COMMIT', () => {
  it('74: the server is gone before it can say; the next run settles it', async () => {
    proxy.arm('gone', OPENING);
    const { code, stderr } = await run(throughProxy());
    expect(code).toBe(74);
    expect(stderr).toContain('publish.unresolved');
    expect(await rowsPublished()).toBe(0);
    expect(await run(database.url)).toMatchObject({ code: 0 });
    expect(await rowsPublished()).toBe(500);
  }, 120_000);

  it('0: the answer is lost, but the server says that it was committed', async () => {
    proxy.arm('cut after', OPENING);
    expect(await run(throughProxy())).toMatchObject({ code: 0, stderr: '' });
    expect(await rowsPublished()).toBe(500);
  });

  it('75: the server never heard of it', async () => {
    proxy.arm('cut before', OPENING);
    expect(await run(throughProxy())).toMatchObject({
      code: 75,
      stderr: expect.stringContaining('rolled it back') as string,
    });
    expect(await rowsPublished()).toBe(0);
  });
});
