import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { runInProcess } from '../helpers/in-process.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';
import { fencedBlocks } from './shell-blocks.js';

/** The queries that the documentation shows, against a database that the sample was published to. */
const SETTINGS = 'registry: ./registry\nenvironments:\n  production:\n    destination: ${DESTINATION}\n';
const queries = ['docs/exploring.md', 'docs/postgres.md']
  .flatMap((file) => fencedBlocks(path.join(REPOSITORY, file), 'sql'))
  .filter(({ heading }) => heading !== 'Files')
  .flatMap(({ lines }) => lines.join('\n').split(';'))
  .map((sql) => sql.replaceAll(/^--.*$/gm, '').trim())
  .filter((sql) => sql.startsWith('select'));

describe('documented queries', () => {
  let project: TestProject;
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
    project = await sampleProject({ settings: SETTINGS });
    const args = ['run', 'churn', '--date', SAMPLE_DATE];
    const { code } = await runInProcess(args, { cwd: project.folder, env: { DESTINATION: database.url } });
    expect(code).toBe(0);
  });
  afterAll(async () => {
    await project.drop();
    await database.drop();
  });

  it('are there', () => {
    expect(queries.length).toBeGreaterThan(2);
  });

  it.each(queries)('%s', async (sql) => {
    const { fields } = await database.client.query(sql);
    expect(fields.length).toBeGreaterThan(0);
  });
});

describe('links between pages', () => {
  const pages = [
    'README.md',
    'ARCHITECTURE.md',
    'docs/jobs.md',
    'docs/exploring.md',
    'docs/deployment.md',
    'docs/postgres.md',
    'docs/undo.md',
    'docs/operations.md',
    'docs/reliability.md',
    'docs/registry.md',
    'docs/promotion.md',
    'docs/rollout.md',
    'docs/notifications.md',
    'deploy/README.md',
  ];

  it.each(pages)('%s', (page) => {
    const text = readFileSync(path.join(REPOSITORY, page), 'utf8');
    const targets = [...text.matchAll(/\]\(([^)#:]+)\)/g)].map((match) => match[1]!);
    const missing = targets.filter(
      (target) => !existsSync(path.join(REPOSITORY, path.dirname(page), target)),
    );
    expect(missing).toEqual([]);
  });
});
