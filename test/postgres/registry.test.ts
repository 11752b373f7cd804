import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../../src/domain/registry.js';
import { migrationSql } from '../../src/postgres/migrations.js';
import { openPostgresRegistry } from '../../src/postgres/registry.js';
import { openDigestCache } from '../../src/registry/digest-cache.js';
import { candidateOf, goldenCandidateOf, sha256 } from '../contracts/candidates.js';
import { describeRegistry } from '../contracts/registry.js';
import { describeSharedRegistry } from '../contracts/registry-processes.js';
import { createDatabase, createRole, type TestDatabase } from '../helpers/postgres.js';

let database: TestDatabase;
let registry: Registry;
let milliseconds: number;
const now = (): Date => new Date((milliseconds += 1000));

beforeEach(async () => {
  database = await createDatabase();
  milliseconds = Date.UTC(2026, 10, 21, 6);
  registry = openPostgresRegistry({ url: database.url, now });
});
afterEach(() => database.drop());

describeRegistry('postgres', (work) => work(registry));
describeSharedRegistry('postgres', () => ({ registry, location: database.url }));

it('names its place without the password', () => {
  expect(registry.location).toMatch(/^postgres:\/\/[^@]*$/);
});

it('of a database that predawn never wrote to is empty, and reading makes nothing there', async () => {
  expect(await registry.models()).toEqual([]);
  await expect(registry.alias('churn', 'dev')).rejects.toMatchObject({ code: 'model.unknown' });
  const { rows } = await database.client.query(`select from pg_namespace where nspname = 'predawn'`);
  expect(rows).toEqual([]);
});

describe('a flipped bit', () => {
  beforeEach(async () => {
    await registry.add('churn', goldenCandidateOf('one', 'rows'));
    await registry.promote({ name: 'churn', version: 1, environment: 'dev', by: 'ada' });
  });

  it('in any file or in the manifest is refused', async () => {
    const { rows } = await database.client.query<{ length: number }>(
      'select length(manifest) as length from predawn.artefacts',
    );
    const places = [
      {
        sql: `update predawn.artefact_files set bytes = FLIP where file = 'model.onnx'`,
        column: 'bytes',
        length: 3,
      },
      {
        sql: `update predawn.artefact_files set bytes = FLIP where file = 'golden.json'`,
        column: 'bytes',
        length: 4,
      },
      { sql: 'update predawn.artefacts set manifest = FLIP', column: 'manifest', length: rows[0]!.length },
    ];
    for (const { sql, column, length } of places) {
      for (let round = 0; round < 20; round++) {
        const bit = (round * 7919) % (length * 8);
        const statement = sql.replace('FLIP', `set_bit(${column}, ${bit}, 1 - get_bit(${column}, ${bit}))`);
        await database.client.query(statement);
        await expect(registry.load('churn', 1), statement).rejects.toMatchObject({ kind: 'artefact' });
        await database.client.query(statement);
      }
    }
    expect((await registry.load('churn', 1)).digest).toBe(`sha256:${sha256('one')}`);
  });

  it('that makes a file longer, shorter or vanish is refused', async () => {
    const load = () => registry.load('churn', 1);
    for (const bytes of ['', 'onE', 'on', 'ones']) {
      await database.client.query(`update predawn.artefact_files set bytes = $1 where file = 'model.onnx'`, [
        Buffer.from(bytes),
      ]);
      await expect(load(), bytes).rejects.toMatchObject({ kind: 'artefact', code: 'artefact.digest' });
    }
    await database.client.query('delete from predawn.artefact_files');
    await expect(load()).rejects.toMatchObject({ kind: 'artefact', code: 'registry.damaged' });
  });

  it('in a manifest leaves the other versions listed', async () => {
    await registry.add('churn', candidateOf('two'));
    await database.client.query('update predawn.artefacts set manifest = $1 where version = 1', [
      Buffer.from('{'),
    ]);
    expect(await registry.versions('churn')).toMatchObject([
      { version: 1, manifest: undefined, problem: { code: 'registry.damaged' } },
      { version: 2, problem: undefined },
    ]);
  });

  it('in a move that breaks the chain is noticed', async () => {
    await registry.add('churn', candidateOf('two'));
    await registry.promote({ name: 'churn', version: 2, environment: 'dev', by: 'ada' });
    await database.client.query('update predawn.alias_moves set from_version = 2 where number = 2');
    await expect(registry.history('churn')).rejects.toMatchObject({
      kind: 'artefact',
      code: 'registry.damaged',
    });
  });
});

it('a version that an alias named cannot be deleted', async () => {
  await registry.add('churn', candidateOf('one'));
  await registry.promote({ name: 'churn', version: 1, environment: 'dev', by: 'ada' });
  await database.client.query('delete from predawn.artefact_files');
  await expect(database.client.query('delete from predawn.artefacts')).rejects.toThrow(/foreign key/);
});

describe('rights', () => {
  it('to read are enough to score; those of docs/postgres.md to add and promote', async () => {
    await database.client.query(migrationSql());
    await registry.add('churn', candidateOf('one'));
    const role = await createRole(database);
    try {
      const limited = openPostgresRegistry({ url: role.url, now });
      await expect(limited.models()).rejects.toMatchObject({ kind: 'configuration' });
      await database.client.query(`
      grant usage on schema predawn to ${role.name};
      grant select on predawn.migrations, predawn.artefacts, predawn.artefact_files, predawn.alias_moves to ${role.name}`);
      expect((await limited.load('churn', 1)).digest).toBe(`sha256:${sha256('one')}`);
      expect(await limited.alias('churn', 'dev')).toBeUndefined();
      const request = { name: 'churn', version: 1, environment: 'dev', by: 'ada' };
      await expect(limited.promote(request)).rejects.toMatchObject({
        kind: 'configuration',
        code: 'postgres.permission',
      });
      await database.client.query(
        `grant insert on predawn.artefacts, predawn.artefact_files, predawn.alias_moves to ${role.name}`,
      );
      expect(await limited.promote(request)).toMatchObject({ to: 1 });
      expect(await limited.add('churn', candidateOf('two'))).toMatchObject({ created: true });
    } finally {
      await role.drop();
    }
  });
});

describe('the cache of fetched files', () => {
  let folder: string;
  let cached: Registry;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'predawn-cache-'));
    cached = openPostgresRegistry({ url: database.url, now, cache: openDigestCache(path.join(folder, 'c')) });
    await registry.add('churn', goldenCandidateOf('one', 'rows'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const entry = () => path.join(folder, 'c', sha256('one'));

  it('spares the second fetch', async () => {
    await cached.load('churn', 1);
    expect((await readdir(path.join(folder, 'c'))).sort()).toEqual([sha256('one'), sha256('rows')].sort());
    await database.client.query('delete from predawn.artefact_files');
    const artefact = await cached.load('churn', 1);
    expect(new TextDecoder().decode(new Uint8Array(artefact.model))).toBe('one');
    expect(artefact.model.buffer).toBeInstanceOf(SharedArrayBuffer);
  });

  it.each(['onE', 'on', ''])('notices and replaces an entry that became %j', async (content) => {
    await cached.load('churn', 1);
    await writeFile(entry(), content);
    expect((await cached.load('churn', 1)).digest).toBe(`sha256:${sha256('one')}`);
    expect(await readFile(entry(), 'utf8')).toBe('one');
  });

  it('does not keep what is damaged in the registry', async () => {
    await database.client.query(`update predawn.artefact_files set bytes = 'onE' where file = 'model.onnx'`);
    await expect(cached.load('churn', 1)).rejects.toMatchObject({ kind: 'artefact' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('is done without where it can’t be written to', async () => {
    await writeFile(path.join(folder, 'file'), '');
    for (const place of [path.join(folder, 'file'), path.join(folder, 'file', 'beneath')]) {
      const without = openPostgresRegistry({ url: database.url, now, cache: openDigestCache(place) });
      expect((await without.load('churn', 1)).digest).toBe(`sha256:${sha256('one')}`);
    }
  });
});
