import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Registry } from '../../src/domain/registry.js';
import { candidateOf, goldenCandidateOf, profiledCandidateOf, sha256 } from './candidates.js';

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

    it('keep their golden rows and whatever a manifest may say', () =>
      withRegistry(async (registry) => {
        const { model, golden, manifest } = goldenCandidateOf('one', '{"rows":1}\n');
        const training = { rows: 2, nested: { à: [null, 1.5, 'x\u0000"\n'] }, '10': 1, '9': 2 };
        const candidate = { model, golden, manifest: { ...manifest, training, note: 'nœud\n' } };
        const added = await registry.add('churn', candidate);
        expect(added.manifest.files['golden.json']).toEqual({ sha256: sha256('{"rows":1}\n'), bytes: 11 });
        const artefact = await registry.load('churn', 1);
        expect(artefact.manifest).toEqual(added.manifest);
        expect(new TextDecoder().decode(new Uint8Array(artefact.golden!))).toBe('{"rows":1}\n');
      }));

    it('are made again of the same model with other golden rows, the first staying as it is', () =>
      withRegistry(async (registry) => {
        await registry.add('churn', candidateOf('one'));
        const added = [
          await registry.add('churn', goldenCandidateOf('one', 'rows')),
          await registry.add('churn', goldenCandidateOf('one', 'other rows')),
          await registry.add('churn', goldenCandidateOf('one', 'rows', 0.5)),
          await registry.add('churn', goldenCandidateOf('one', 'rows')),
          await registry.add('churn', candidateOf('one')),
        ];
        expect(added.map(({ manifest, created }) => [manifest.version, created])).toEqual([
          [2, true],
          [3, true],
          [4, true],
          [2, false],
          [4, false],
        ]);
        expect(added.map(({ sameModel }) => sameModel)).toEqual([1, 2, 3, undefined, undefined]);
        expect((await registry.load('churn', 1)).golden).toBeUndefined();
      }));

    it('are made again of the same model with another profile, unless it is only that of the golden rows', () =>
      withRegistry(async (registry) => {
        const added = [
          await registry.add('churn', candidateOf('one')),
          await registry.add('churn', profiledCandidateOf('one', 'golden', 'golden')),
          await registry.add('churn', profiledCandidateOf('one', 'on another machine', 'golden')),
          await registry.add('churn', profiledCandidateOf('one', 'sample', 'sample')),
          await registry.add('churn', profiledCandidateOf('one', 'other sample', 'sample')),
          await registry.add('churn', profiledCandidateOf('one', 'sample', 'sample')),
        ];
        expect(added.map(({ manifest, created }) => [manifest.version, created])).toEqual([
          [1, true],
          [2, true],
          [2, false],
          [3, true],
          [4, true],
          [3, false],
        ]);
        const { manifest, profile } = await registry.load('churn', 3);
        expect(new TextDecoder().decode(new Uint8Array(profile!))).toBe('sample');
        expect(manifest).toMatchObject({ profile: { rows: 1, from: 'sample' } });
        expect(manifest.files['profile.json']).toEqual({ sha256: sha256('sample'), bytes: 6 });
        expect((await registry.load('churn', 1)).profile).toBeUndefined();
      }));

    it('hold large files, to the byte', () =>
      withRegistry(async (registry) => {
        const model = Buffer.alloc(2 * 8 * 1024 * 1024 + 5);
        for (let at = 0; at < model.length; at += 997) model.writeUInt8(at % 251, at);
        await registry.add('churn', { ...candidateOf(''), model });
        const { model: loaded, digest } = await registry.load('churn', 1);
        expect(digest).toBe(`sha256:${createHash('sha256').update(model).digest('hex')}`);
        expect(model.equals(new Uint8Array(loaded))).toBe(true);
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

    it('keep the report of a gate, and what was accepted of it', () =>
      withVersions(async (registry) => {
        const gate = { passed: false, checks: [{ check: 'psi', found: 0.31, ceiling: 0.2 }] };
        const accepted = [{ check: 'psi', reason: 'new price list' }];
        const request = { name: 'churn', version: 1, environment: 'production', by: 'ada', gate, accepted };
        const move = await registry.promote(request);
        expect(move).toMatchObject({ gate, accepted });
        expect(await registry.history('churn')).toEqual([move]);
      }));

    it('move only from the version that the caller saw live, where it says so', () =>
      withVersions(async (registry) => {
        const to = (version: number, expectedFrom: number | null) =>
          registry.promote({ name: 'churn', version, environment: 'production', by: 'ada', expectedFrom });
        const moved = { kind: 'unavailable', code: 'alias.moved' };
        await expect(to(1, 2)).rejects.toMatchObject(moved);
        expect(await to(1, null)).toMatchObject({ from: undefined, to: 1 });
        await expect(to(2, null)).rejects.toMatchObject(moved);
        await expect(to(2, 3)).rejects.toMatchObject(moved);
        expect(await to(2, 1)).toMatchObject({ from: 1, to: 2 });
        expect(await registry.history('churn')).toHaveLength(2);
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
