import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Candidate, Registry } from '../../src/domain/registry.js';

/** Any bytes: a registry does not look into a model. */
export function candidateOf(content: string, original?: string): Candidate {
  return {
    model: new TextEncoder().encode(content),
    golden: undefined,
    manifest: {
      signature: {
        inputs: [{ name: 'x', type: 'float32', shape: [null, 3] }],
        outputs: [
          { name: 'label', role: 'label', type: 'int8', width: 1, classes: undefined },
          { name: 'p', role: 'probabilities', type: 'float4', width: 2, classes: ['No', 'Yes'] },
        ],
        fixedBatch: undefined,
      },
      opsets: { 'ai.onnx': 17, 'ai.onnx.ml': 3 },
      producer: 'test 1.0',
      changes: original === undefined ? [] : [{ what: 'removed ZipMap', originalSha256: sha256(original) }],
      runtime: 'onnxruntime-node 1.30.0',
      addedAt: '2026-11-21T06:00:00.000Z',
      addedBy: 'ada',
      note: undefined,
      golden: undefined,
      training: undefined,
    },
  };
}

export function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** What every registry must do. `withRegistry` gives a new, empty one whose clock ticks a second with every move. */
export function describeRegistry(
  kind: string,
  withRegistry: (work: (registry: Registry) => Promise<void>) => Promise<void>,
): void {
  /** A registry with three versions of `churn`. */
  const withVersions = (work: (registry: Registry) => Promise<void>) =>
    withRegistry(async (registry) => {
      for (const content of ['one', 'two', 'three']) await registry.add('churn', candidateOf(content));
      await work(registry);
    });

  describe(`registry (${kind}): versions`, () => {
    it('are numbered from 1, and carry the manifest with names, sizes and digests', () =>
      withRegistry(async (registry) => {
        expect(await registry.models()).toEqual([]);
        for (const [index, content] of ['one', 'two'].entries()) {
          const candidate = candidateOf(content);
          const { manifest, created } = await registry.add('churn', candidate);
          expect(created).toBe(true);
          expect(manifest).toEqual({
            ...candidate.manifest,
            name: 'churn',
            version: index + 1,
            files: { 'model.onnx': { sha256: sha256(content), bytes: 3 } },
          });
        }
        expect((await registry.versions('churn')).map((manifest) => manifest.version)).toEqual([1, 2]);
        expect((await registry.versions('churn'))[1]?.manifest).toEqual(
          (await registry.load('churn', 2)).manifest,
        );
      }));

    it('are counted apart for each model', () =>
      withRegistry(async (registry) => {
        await registry.add('b', candidateOf('one'));
        expect((await registry.add('a.v-1_x', candidateOf('one'))).manifest.version).toBe(1);
        expect(await registry.models()).toEqual(['a.v-1_x', 'b']);
      }));

    it('come back as the bytes that were added, in shared memory, with their digest', () =>
      withVersions(async (registry) => {
        const artefact = await registry.load('churn', 2);
        expect(new TextDecoder().decode(new Uint8Array(artefact.model))).toBe('two');
        expect(artefact.model.buffer).toBeInstanceOf(SharedArrayBuffer);
        expect(artefact.digest).toBe(`sha256:${sha256('two')}`);
      }));

    it('are not made twice of the same bytes', () =>
      withVersions(async (registry) => {
        const again = await registry.add('churn', candidateOf('two'));
        expect(again).toMatchObject({ created: false, manifest: { version: 2 } });
        expect(await registry.versions('churn')).toHaveLength(3);
      }));

    it('are not made twice of a file that was changed when it was added', () =>
      withRegistry(async (registry) => {
        await registry.add('churn', candidateOf('stripped', 'original'));
        for (const same of [
          candidateOf('stripped'),
          candidateOf('original'),
          candidateOf('stripped otherwise', 'original'),
        ]) {
          expect(await registry.add('churn', same)).toMatchObject({
            created: false,
            manifest: { version: 1 },
          });
        }
        expect((await registry.add('churn', candidateOf('another'))).manifest.version).toBe(2);
      }));

    it('that are not there are a configuration error, which says what is', () =>
      withVersions(async (registry) => {
        for (const ask of [
          () => registry.load('chrun', 1),
          () => registry.versions('chrun'),
          () => registry.alias('chrun', 'dev'),
          () => registry.history('chrun'),
          () => registry.promote({ name: 'chrun', version: 1, environment: 'dev', by: 'ada' }),
          () => registry.rollback('chrun', 'dev', 'ada'),
        ]) {
          await expect(ask()).rejects.toMatchObject({
            kind: 'configuration',
            code: 'model.unknown',
            message: expect.stringContaining('Did you mean churn?') as string,
            hint: expect.stringContaining('model add') as string,
          });
        }
        for (const ask of [
          () => registry.load('churn', 4),
          () => registry.promote({ name: 'churn', version: 4, environment: 'dev', by: 'ada' }),
        ]) {
          await expect(ask()).rejects.toMatchObject({
            kind: 'configuration',
            code: 'version.unknown',
            message: expect.stringContaining('1, 2, 3') as string,
          });
        }
        expect(await registry.history('churn')).toEqual([]);
      }));

    it.each(['', '.', '..', '../churn', 'a/b', '.hidden', '-rf', 'a b', 'né', 'x'.repeat(65)])(
      'and environments do not have names like %j',
      (name) =>
        withVersions(async (registry) => {
          for (const ask of [
            () => registry.add(name, candidateOf('one')),
            () => registry.load(name, 1),
            () => registry.promote({ name: 'churn', version: 1, environment: name, by: 'ada' }),
            () => registry.alias('churn', name),
            () => registry.rollback('churn', name, 'ada'),
          ]) {
            await expect(ask()).rejects.toMatchObject({ kind: 'configuration', code: 'registry.name' });
          }
        }),
    );
  });

  describe(`registry (${kind}): aliases`, () => {
    it('name a version for each environment, and keep who moved them, when and why', () =>
      withVersions(async (registry) => {
        expect(await registry.alias('churn', 'production')).toBeUndefined();
        const move = await registry.promote({
          name: 'churn',
          version: 2,
          environment: 'production',
          by: 'ada',
          reason: 'better recall',
        });
        expect(move).toEqual({
          model: 'churn',
          environment: 'production',
          from: undefined,
          to: 2,
          digest: `sha256:${sha256('two')}`,
          action: 'promote',
          at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
          by: 'ada',
          reason: 'better recall',
          gate: undefined,
          accepted: undefined,
        });
        expect(await registry.alias('churn', 'production')).toEqual({ version: 2, digest: move.digest });
        expect(await registry.alias('churn', 'dev')).toBeUndefined();
        expect(await registry.history('churn')).toEqual([move]);
      }));

    it('go back to the version that was live before, and forth again', () =>
      withVersions(async (registry) => {
        for (const version of [1, 3])
          await registry.promote({ name: 'churn', version, environment: 'production', by: 'ada' });
        const back = await registry.rollback('churn', 'production', 'bob', 'too many churners');
        expect(back).toMatchObject({
          from: 3,
          to: 1,
          action: 'rollback',
          by: 'bob',
          digest: `sha256:${sha256('one')}`,
        });
        expect((await registry.alias('churn', 'production'))?.version).toBe(1);
        expect(await registry.rollback('churn', 'production', 'bob')).toMatchObject({ from: 1, to: 3 });
        expect((await registry.alias('churn', 'production'))?.version).toBe(3);
        expect((await registry.history('churn')).map((move) => [move.from, move.to])).toEqual([
          [undefined, 1],
          [1, 3],
          [3, 1],
          [1, 3],
        ]);
      }));

    it('do not move when the version is live already, so that rollback still leads back', () =>
      withVersions(async (registry) => {
        await registry.promote({ name: 'churn', version: 1, environment: 'production', by: 'ada' });
        const move = await registry.promote({
          name: 'churn',
          version: 2,
          environment: 'production',
          by: 'ada',
        });
        expect(
          await registry.promote({ name: 'churn', version: 2, environment: 'production', by: 'bob' }),
        ).toEqual(move);
        expect(await registry.rollback('churn', 'production', 'ada')).toMatchObject({ from: 2, to: 1 });
      }));

    it('cannot go back where nothing was live before', () =>
      withVersions(async (registry) => {
        const nothing = { kind: 'configuration', code: 'alias.no_previous' };
        await expect(registry.rollback('churn', 'dev', 'ada')).rejects.toMatchObject(nothing);
        await registry.promote({ name: 'churn', version: 1, environment: 'dev', by: 'ada' });
        await expect(registry.rollback('churn', 'dev', 'ada')).rejects.toMatchObject(nothing);
        expect((await registry.alias('churn', 'dev'))?.version).toBe(1);
      }));

    it('have one history for all environments, oldest first', () =>
      withVersions(async (registry) => {
        await registry.promote({ name: 'churn', version: 1, environment: 'staging', by: 'ada' });
        await registry.promote({ name: 'churn', version: 1, environment: 'production', by: 'ada' });
        await registry.promote({ name: 'churn', version: 2, environment: 'staging', by: 'ada' });
        await registry.rollback('churn', 'staging', 'ada');
        const history = await registry.history('churn');
        expect(history.map((move) => `${move.environment} ${move.to}`)).toEqual([
          'staging 1',
          'production 1',
          'staging 2',
          'staging 1',
        ]);
      }));
  });
}
