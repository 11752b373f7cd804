import { readdir } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { SAMPLE_DATE, sampleProject, type TestProject } from '../helpers/project.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { runInProcess } from '../helpers/in-process.js';
import { escaped } from './escaped.js';

/**
 * Names that break what is careless with them: each either works to the letter, or is refused with a message. None
 * leaves its folder, none becomes SQL, and no two become one.
 */
const LONG = 'n'.repeat(63);
const NAMES = [
  ...[
    `it's`,
    'say "so"',
    'a;drop table victims;--',
    `'); drop table victims; --`,
    '$1',
    '$$',
    '%I',
    '\\',
    'a\\b',
  ],
  ...[
    'select',
    'user',
    'UPPER',
    'tab\there',
    'two words',
    ' led',
    'trailed ',
    '😀',
    'é',
    'e\u0301',
    '名前',
    '0',
    '-',
  ],
  ...[
    '--',
    '/*',
    '*/',
    '{date}',
    ':date',
    '${X}',
    '__proto__',
    'NUL',
    '\u202e',
    LONG,
    `${LONG}x`,
    'é'.repeat(32),
  ],
  ...[
    '../escaped',
    '../../escaped',
    '/tmp/escaped',
    '.',
    '..',
    '.hidden',
    '_under',
    'a/b',
    'a=b',
    'new\nline',
    'a\0b',
    '',
  ],
];

let project: TestProject;
let database: TestDatabase;
let sample: string;
beforeAll(async () => {
  project = await sampleProject({
    settings: 'registry: ./registry\nworkers: 1\nenvironments:\n  dev:\n    destination: ${DESTINATION}\n',
  });
  database = await createDatabase();
  await database.client.query('create table victims ()');
  const [header, ...rows] = (await project.read(`data-samples/churn/${SAMPLE_DATE}.csv`)).split('\n');
  sample = [header, ...rows.slice(0, 3), ''].join('\n');
});
afterAll(async () => {
  await database.drop();
  await project.drop();
});

const run = (destination: string, ...args: string[]) =>
  runInProcess(args, { cwd: project.folder, env: { DESTINATION: destination } });

interface Names {
  readonly table?: string;
  readonly output?: string;
  readonly key?: string;
}

/** The sample's job with names of its own; its key column has the name in the input, too. */
async function writeJob(job: string, { table = 'scores', output = 'score', key = 'customer_id' }: Names) {
  const quoted = `"${key.replaceAll('"', '""')}"`;
  await project.write('in/rows.csv', sample.replace('customer_id', quoted));
  await project.write(
    `jobs/${job}.yaml`,
    stringify({
      model: 'churn',
      schedule: '0 6 * * *',
      timezone: 'UTC',
      input: { csv: 'in/rows.csv' },
      key,
      missing: {
        total_charges: { tokens: [' '], then: 'nan' },
        data_gb: { then: 'nan' },
        satisfaction: { then: 'nan' },
      },
      output: { table, format: 'csv', columns: { [output]: 'probabilities[yes]' } },
    }),
  );
}

const REFUSED = [64, 65, 78];

/** Nothing outside, nothing gone, nothing but our folders beneath. */
async function isUnharmed(): Promise<void> {
  expect(await escaped(project.folder)).toEqual([]);
  await database.client.query('select from victims');
}

async function columnsOf(table: string): Promise<string[]> {
  const { rows } = await database.client.query<{ name: string }>(
    `select attname as name from pg_attribute where attrelid = to_regclass($1) and attnum > 0 order by attnum`,
    [`public.${pg.escapeIdentifier(table)}`],
  );
  return rows.map(({ name }) => name);
}

describe('in a database', () => {
  it(
    'a table has the very name that the job file gives it, or is refused',
    { timeout: 240_000 },
    async () => {
      const worked: string[] = [];
      for (const [index, name] of NAMES.entries()) {
        await writeJob(`table-${index}`, { table: name });
        const { code, stderr } = await run(database.url, 'run', `table-${index}`, '--date', SAMPLE_DATE);
        if (code === 0) {
          worked.push(name);
          expect(await columnsOf(name)).toContain('score');
        } else {
          expect(code).toBe(78);
          expect(stderr).toMatch(/output\.table|yaml\.name/);
        }
      }
      await isUnharmed();
      // Two names of 63 bytes never become one: the longer one is refused.
      expect(worked).toEqual(
        NAMES.filter((name) => /^[a-z_][a-z0-9_]{0,62}$/i.test(name) && name !== '__proto__'),
      );
      expect(worked).toEqual(expect.arrayContaining(['select', 'user', 'UPPER', LONG]));
    },
  );

  it(
    'a column has the very name that the job file gives it, or is refused',
    { timeout: 240_000 },
    async () => {
      const worked: string[] = [];
      for (const [index, name] of NAMES.entries()) {
        await writeJob(`column-${index}`, { table: `columns_${index}`, output: name });
        const { code, stderr } = await run(database.url, 'run', `column-${index}`, '--date', SAMPLE_DATE);
        if (code === 0) worked.push(name);
        else expect(REFUSED, `${JSON.stringify(name)}: ${stderr}`).toContain(code);
        if (code === 0) expect(await columnsOf(`columns_${index}`)).toContain(name);
        else expect(await columnsOf(`columns_${index}`)).toEqual([]);
      }
      await isUnharmed();
      expect(worked).not.toContain(`${LONG}x`);
      expect(worked).toEqual(expect.arrayContaining(['select', 'UPPER', LONG]));
    },
  );

  it('a key and its values are kept to the letter', { timeout: 240_000 }, async () => {
    for (const [index, name] of [...NAMES.slice(0, 12), LONG, `${LONG}x`, 'é', 'e\u0301'].entries()) {
      const job = `key-${index}`;
      await writeJob(job, { table: `keys_${index}`, key: name });
      const value = name.replaceAll('\0', '');
      const rows = (await project.read('in/rows.csv')).split('\n');
      rows[1] = rows[1]!.replace(/^[^,]*/, `"${value.replaceAll('"', '""')}"`);
      await project.write('in/rows.csv', rows.join('\n'));
      const { code, stderr } = await run(database.url, 'run', job, '--date', SAMPLE_DATE);
      if (code !== 0) {
        expect(REFUSED, `${JSON.stringify(name)}: ${stderr}`).toContain(code);
        continue;
      }
      const found = await database.client.query<Record<string, string>>(
        `select ${pg.escapeIdentifier(name)} as key from keys_${index}`,
      );
      expect(found.rows.map(({ key }) => key)).toContain(value);
    }
    await isUnharmed();
  });
});

describe('in files', () => {
  it('a table has a folder of its very name, or is refused', { timeout: 240_000 }, async () => {
    const worked: string[] = [];
    for (const [index, name] of NAMES.entries()) {
      await writeJob(`file-${index}`, { table: name });
      const { code, stderr } = await run('./out', 'run', `file-${index}`, '--date', SAMPLE_DATE);
      if (code === 0) worked.push(name);
      else expect(REFUSED, `${JSON.stringify(name)}: ${stderr}`).toContain(code);
    }
    await isUnharmed();
    const folders = (await readdir(path.join(project.folder, 'out'))).filter((name) => name !== '_predawn');
    expect(folders.sort()).toEqual([...worked].sort());
    for (const name of ['../escaped', '/tmp/escaped', '.', '..', 'a/b', 'a\0b', ''])
      expect(worked).not.toContain(name);
  });

  it('a job, a model and an environment are never looked for elsewhere', { timeout: 120_000 }, async () => {
    for (const name of NAMES) {
      for (const args of [
        ['run', name, '--date', SAMPLE_DATE],
        ['restore', name, '--date', SAMPLE_DATE],
        ['model', 'show', name, '1'],
        ['model', 'add', name, 'data-samples/churn/model.onnx'],
        ['model', 'promote', 'churn', '1', '--to', name],
        ['status', '--env', name],
      ]) {
        const { code, stderr } = await run('./out', ...args);
        const isModel = args[1] === 'add' && code === 0;
        if (isModel) expect(await readdir(path.join(project.folder, 'registry'))).toContain(name);
        else expect([...REFUSED, 76], `${args.join(' ')}: ${stderr}`).toContain(code);
      }
    }
    await isUnharmed();
  });
});
