import { chmodSync, statSync, utimesSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Registry } from '../../src/domain/registry.js';
import { openSealed, sealRecord } from '../../src/domain/sealed-record.js';
import { openFolderRegistry } from '../../src/registry/folder.js';
import { candidateOf, sha256 } from '../contracts/candidates.js';
import { describeRegistry } from '../contracts/registry.js';
import { describeSharedRegistry } from '../contracts/registry-processes.js';
import { runToDeath } from './processes.js';

let folder: string;
let registry: Registry;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predawn-registry-'));
  registry = openFolderRegistry(folder, { now: tickingClock() });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

function tickingClock(): () => Date {
  let milliseconds = Date.UTC(2026, 10, 21, 6);
  return () => new Date((milliseconds += 1000));
}

describeRegistry('folder', (work) => work(registry));

describeSharedRegistry('folder', () => ({ registry, location: folder }));

describe('a process killed while it adds', () => {
  it.each(['manifest written'])('leaves no version when it dies at "%s"', async (step) => {
    await registry.add('churn', candidateOf('one'));
    expect(await runToDeath(folder, 'add and die', 'two', step)).toBe('SIGKILL');
    expect((await registry.versions('churn')).map(({ version }) => version)).toEqual([1]);
    const { manifest, created } = await registry.add('churn', candidateOf('two'));
    expect({ version: manifest.version, created }).toEqual({ version: 2, created: true });
  });

  it('leaves a whole version when it dies just after', async () => {
    expect(await runToDeath(folder, 'add and die', 'one', 'version visible')).toBe('SIGKILL');
    expect((await registry.load('churn', 1)).digest).toBe(`sha256:${sha256('one')}`);
  });

  it('has its leavings removed by a later add, once they are a day old', async () => {
    await runToDeath(folder, 'add and die', 'one', 'files written');
    const [abandoned] = await readdir(join(folder, 'churn'));
    await registry.add('churn', candidateOf('two'));
    expect(await readdir(join(folder, 'churn'))).toContain(abandoned);
    const longAgo = statSync(folder).mtimeMs / 1000 - 2 * 24 * 3600;
    utimesSync(join(folder, 'churn', abandoned!), longAgo, longAgo);
    await registry.add('churn', candidateOf('three'));
    expect((await readdir(join(folder, 'churn'))).sort()).toEqual(['1', '2']);
  });
});

describe('what lies in the folder', () => {
  beforeEach(async () => {
    for (const content of ['one', 'two']) await registry.add('churn', candidateOf(content));
    await registry.promote({ name: 'churn', version: 1, environment: 'dev', by: 'ada' });
    await registry.promote({ name: 'churn', version: 2, environment: 'dev', by: 'ada' });
  });

  const modelPath = () => join(folder, 'churn', '1', 'model.onnx');
  const manifestPath = () => join(folder, 'churn', '1', 'manifest.json');
  const movePath = (name: string) => join(folder, 'churn', 'aliases', 'dev', name);

  /** Writes over a file that nobody should write to. */
  async function tamper(path: string, content: string): Promise<void> {
    chmodSync(path, 0o644);
    await writeFile(path, content);
  }

  /** A record with something else in it, its digest as if predawn had written that. */
  async function rewrite(path: string, change: (record: Record<string, unknown>) => unknown): Promise<void> {
    const record = openSealed(await readFile(path)) as Record<string, unknown>;
    await tamper(path, Buffer.from(sealRecord(change(record) as object)).toString());
  }

  it('is read-only, as are its moves', () => {
    for (const path of [modelPath(), manifestPath(), movePath('000001.json')]) {
      expect(statSync(path).mode & 0o222).toBe(0);
    }
  });

  it.each(['onE', 'on', 'ones', ''])('is refused when the model became %j', async (content) => {
    await tamper(modelPath(), content);
    const error = (await registry.load('churn', 1).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject({ kind: 'artefact', code: 'artefact.digest' });
    for (const part of [modelPath(), sha256('one'), sha256(content)]) expect(error.message).toContain(part);
    expect((await registry.load('churn', 2)).digest).toBe(`sha256:${sha256('two')}`);
  });

  it('is refused when the model is gone', async () => {
    await rm(modelPath());
    await expect(registry.load('churn', 1)).rejects.toMatchObject({
      kind: 'artefact',
      code: 'registry.damaged',
      message: expect.stringContaining(modelPath()) as string,
    });
  });

  it('is refused when a manifest is not as it was written', async () => {
    const manifest = openSealed(await readFile(manifestPath())) as Record<string, unknown>;
    const seal = (record: object) => Buffer.from(sealRecord(record)).toString();
    const outputs = [{ name: 'p', role: 'probabilities', type: 'float4', width: 2, classes: ['only one'] }];
    const elsewhere = {
      ...(manifest['files'] as object),
      '../../2/model.onnx': { sha256: sha256(''), bytes: 0 },
    };
    for (const changed of [
      '{',
      '[]',
      JSON.stringify(manifest),
      seal({ ...manifest, version: 2 }),
      seal({ ...manifest, files: {} }),
      seal({ ...manifest, files: elsewhere }),
      seal({
        ...manifest,
        golden: { rows: 1, tolerance: { relative: 0, absolute: 0 }, expectedFrom: 'given' },
      }),
      seal({ ...manifest, signature: { inputs: [], outputs } }),
      seal({ ...manifest, runtime: undefined }),
    ]) {
      await tamper(manifestPath(), changed);
      await expect(registry.load('churn', 1), changed).rejects.toMatchObject({
        kind: 'artefact',
        code: 'registry.damaged',
        message: expect.stringContaining(manifestPath()) as string,
      });
    }
  });

  it('is refused when a move is missing or does not follow the one before', async () => {
    await rewrite(movePath('000002.json'), (move) => ({ ...move, from: 2 }));
    await expect(registry.history('churn')).rejects.toMatchObject({
      kind: 'artefact',
      code: 'registry.damaged',
    });
    await rm(movePath('000001.json'));
    await expect(registry.history('churn')).rejects.toMatchObject({
      kind: 'artefact',
      code: 'registry.damaged',
    });
  });

  it('is listed as damaged where a manifest is, beside the versions that are whole', async () => {
    await tamper(manifestPath(), '{');
    const [damaged, whole] = await registry.versions('churn');
    expect(damaged).toMatchObject({
      version: 1,
      manifest: undefined,
      problem: { kind: 'artefact', code: 'registry.damaged' },
    });
    expect(whole).toMatchObject({ version: 2, manifest: { version: 2 }, problem: undefined });
    expect(await registry.add('churn', candidateOf('three'))).toMatchObject({ manifest: { version: 3 } });
  });

  it('is missed where an alias names it, and its number is not given away', async () => {
    await rm(join(folder, 'churn', '2'), { recursive: true });
    const missing = { kind: 'artefact', code: 'version.missing' };
    const error = (await registry.load('churn', 2).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject(missing);
    expect(error.message).toContain(join(folder, 'churn', '2'));
    expect(await registry.versions('churn')).toMatchObject([
      { version: 1, problem: undefined },
      { version: 2, manifest: undefined, problem: missing },
    ]);
    await expect(registry.load('churn', 7)).rejects.toMatchObject({ code: 'version.unknown' });
    expect(await registry.add('churn', candidateOf('another'))).toMatchObject({ manifest: { version: 3 } });
    await expect(
      registry.promote({ name: 'churn', version: 2, environment: 'dev', by: 'ada' }),
    ).rejects.toMatchObject(missing);
  });

  it('is missed though no version is left', async () => {
    for (const version of ['1', '2']) await rm(join(folder, 'churn', version), { recursive: true });
    expect(await registry.models()).toEqual(['churn']);
    expect(await registry.alias('churn', 'dev')).toEqual({ version: 2, digest: `sha256:${sha256('two')}` });
    await expect(registry.load('churn', 2)).rejects.toMatchObject({ code: 'version.missing' });
    expect(await registry.add('churn', candidateOf('another'))).toMatchObject({ manifest: { version: 3 } });
  });

  it('is not made live again where it was replaced since it was', async () => {
    await tamper(modelPath(), 'uno');
    const files = { 'model.onnx': { sha256: sha256('uno'), bytes: 3 } };
    await rewrite(manifestPath(), (manifest) => ({ ...manifest, files }));
    expect((await registry.versions('churn'))[0]).toMatchObject({ problem: undefined });
    for (const ask of [
      () => registry.promote({ name: 'churn', version: 1, environment: 'staging', by: 'ada' }),
      () => registry.rollback('churn', 'dev', 'ada'),
    ]) {
      await expect(ask()).rejects.toMatchObject({
        kind: 'artefact',
        code: 'artefact.digest',
        message: expect.stringContaining(sha256('uno')) as string,
      });
    }
    expect(await registry.history('churn')).toHaveLength(2);
  });

  it('may hold files that are not the registry’s', async () => {
    await writeFile(join(folder, 'README'), 'about');
    await writeFile(join(folder, 'churn', 'notes.txt'), 'about');
    await mkdir(join(folder, 'empty'));
    expect(await registry.models()).toEqual(['churn']);
    expect(await registry.versions('churn')).toHaveLength(2);
  });
});

it('tells a registry that is no folder apart from a bug', async () => {
  const path = join(folder, 'file');
  await writeFile(path, '');
  const broken = openFolderRegistry(path, { now: tickingClock() });
  await expect(broken.add('churn', candidateOf('one'))).rejects.toMatchObject({
    kind: 'configuration',
    code: 'registry.access',
  });
});

it('keeps moves of one environment in order though the clock goes backwards', async () => {
  const times = ['2026-11-21T06:00:00Z', '2026-11-21T05:00:00Z', '2026-11-21T05:30:00Z'].map(
    (text) => new Date(text),
  );
  const backwards = openFolderRegistry(folder, { now: () => times.shift()! });
  for (const content of ['one', 'two']) await backwards.add('churn', candidateOf(content));
  await backwards.promote({ name: 'churn', version: 1, environment: 'dev', by: 'ada' });
  await backwards.promote({ name: 'churn', version: 2, environment: 'dev', by: 'ada' });
  await backwards.promote({ name: 'churn', version: 1, environment: 'staging', by: 'ada' });
  const history = await backwards.history('churn');
  expect(history.filter((move) => move.environment === 'dev').map((move) => move.to)).toEqual([1, 2]);
});
