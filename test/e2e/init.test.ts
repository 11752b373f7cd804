import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../helpers/cli.js';
import { runInProcess } from '../helpers/in-process.js';
import { referenceFolder, referenceMeta, referenceModels } from '../helpers/onnx-reference.js';
import { createDatabase } from '../helpers/postgres.js';
import { filesBeneath } from '../helpers/project.js';

const SAMPLES = path.join(REPOSITORY, 'data-samples/churn');
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'predawn-init-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const command = (env: Record<string, string>, ...args: string[]) => runInProcess(args, { cwd: folder, env });

describe('init', () => {
  it('makes a project from a model and a CSV whose next command works', async () => {
    await cp(path.join(SAMPLES, 'model.onnx'), path.join(folder, 'model.onnx'));
    await cp(path.join(SAMPLES, '2026-11-20.csv'), path.join(folder, 'in/2026-11-20.csv'));
    const args = [
      'init',
      'model.onnx',
      '--csv',
      'in/2026-11-20.csv',
      '--name',
      'leavers',
      '--timezone',
      'Europe/Lisbon',
    ];
    const made = await command({}, ...args);
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toContain('21 of 21 model inputs');
    expect(made.stdout).toContain('The key is customer_id');
    const next = /Next: predawn (.*)$/m.exec(made.stdout)![1]!;
    const ran = await command({}, ...next.split(' '), '--json');
    expect(ran).toMatchObject({ code: 0 });
    expect(JSON.parse(ran.stdout)).toMatchObject({ rows: { scored: 500 }, timezone: 'Europe/Lisbon' });
  });

  it('leaves a first environment alone that asks something of a version', async () => {
    await cp(path.join(SAMPLES, 'model.onnx'), path.join(folder, 'churn.onnx'));
    await cp(path.join(SAMPLES, '2026-11-20.csv'), path.join(folder, 'in/2026-11-20.csv'));
    await writeFile(
      path.join(folder, 'predawn.yaml'),
      'environments:\n  production: { destination: ./out, gate: { golden: required } }\n',
    );
    const made = await command({}, 'init', 'churn.onnx', '--csv', 'in/2026-11-20.csv', '--timezone', 'UTC');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toContain('registered churn@1');
    expect(made.stdout).toContain('Next: predawn model promote churn 1 --to production');
    expect(await command({}, 'model', 'promote', 'churn', '1', '--to', 'production')).toMatchObject({
      code: 65,
    });
  });

  it('makes one from a query', async () => {
    const database = await createDatabase();
    await database.client.query(readFileSync(path.join(SAMPLES, 'customers.sql'), 'utf8'));
    await cp(path.join(SAMPLES, 'model.onnx'), path.join(folder, 'churn.onnx'));
    const env = { PREDAWN_SOURCE_URL: database.url };
    const query = 'select * from customers where as_of = :date';
    const made = await command(env, 'init', 'churn.onnx', '--query', query, '--date', '2026-11-21');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(await readFile(path.join(folder, 'predawn.yaml'), 'utf8')).toContain(
      'source: ${PREDAWN_SOURCE_URL}',
    );
    expect(await readFile(path.join(folder, 'predawn.yaml'), 'utf8')).not.toContain(database.url);
    expect(await command(env, 'run', 'churn', '--date', '2026-11-21')).toMatchObject({ code: 0 });
    await database.drop();
  });

  it('names what it could not match, and leaves a TODO', async () => {
    await cp(path.join(SAMPLES, 'model.onnx'), path.join(folder, 'churn.onnx'));
    const csv = (await readFile(path.join(SAMPLES, '2026-11-20.csv'), 'utf8')).replace(
      'support_calls',
      'support_call',
    );
    await writeFile(path.join(folder, 'day.csv'), csv);
    const made = await command({}, 'init', 'churn.onnx', '--csv', 'day.csv', '--date', '2026-11-20');
    expect(made).toMatchObject({ code: 0 });
    expect(made.stdout).toContain('No column for input support_calls; perhaps support_call');
    expect(await readFile(path.join(folder, 'jobs/churn.yaml'), 'utf8')).toContain('TODO');
    const validated = await command({}, 'validate', 'churn', '--date', '2026-11-20');
    expect(validated.code).toBe(78);
    expect(validated.stderr).toContain('support_calls');
  });

  it.each([
    ['no input', ['init', 'churn.onnx']],
    ['two inputs', ['init', 'churn.onnx', '--csv', 'a.csv', '--query', 'select 1']],
    ['a query without a database', ['init', 'churn.onnx', '--query', 'select 1']],
    ['a CSV that is not there', ['init', 'churn.onnx', '--csv', 'a.csv']],
    ['a model that is not there', ['init', 'other.onnx', '--csv', 'a.csv']],
  ])('%s: exit 64, and nothing is written', async (_, args) => {
    await cp(path.join(SAMPLES, 'model.onnx'), path.join(folder, 'churn.onnx'));
    const { code, stderr } = await command({}, ...args);
    expect(code).toBe(64);
    expect(stderr).toContain('hint:');
    expect(await filesBeneath(folder)).toEqual(['churn.onnx']);
  });

  it('leaves a job that is there as it is', async () => {
    await cp(path.join(SAMPLES, 'model.onnx'), path.join(folder, 'churn.onnx'));
    await cp(path.join(SAMPLES, '2026-11-20.csv'), path.join(folder, '2026-11-20.csv'));
    const args = ['init', 'churn.onnx', '--csv', '2026-11-20.csv'];
    expect(await command({}, ...args)).toMatchObject({ code: 0 });
    const { code, stderr } = await command({}, ...args);
    expect(code).toBe(64);
    expect(stderr).toContain('churn.yaml');
  });
});

const scorable = referenceModels().filter(
  (model) => referenceMeta(model).measured.create_error === undefined,
);

describe.skipIf(scorable.length === 0)('init with real models', () => {
  it.each(scorable)('%s: every input found, and the next command scores every row', async (model) => {
    const from = path.join(referenceFolder!, model);
    await cp(path.join(from, 'model.onnx'), path.join(folder, `${model}.onnx`));
    await cp(path.join(from, 'input.csv'), path.join(folder, 'input.csv'));
    const made = await command(
      {},
      'init',
      `${model}.onnx`,
      '--csv',
      'input.csv',
      '--date',
      '2026-11-20',
      '--json',
    );
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(made.stdout)).toMatchObject({ unmatched: [] });
    const ran = await command({}, 'run', model, '--date', '2026-11-20', '--json');
    expect(JSON.parse(ran.stdout)).toMatchObject({
      rows: { scored: referenceMeta(model).csv.rows, rejected: 0 },
    });
  });
});
