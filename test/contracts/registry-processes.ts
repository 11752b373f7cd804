import { describe, expect, it } from 'vitest';
import type { AliasMove, Registry } from '../../src/domain/registry.js';
import { inProcesses, runToDeath } from '../registry/processes.js';
import { candidateOf, sha256 } from './candidates.js';

/** A new, empty registry, and what other processes open it by. */
export interface SharedRegistry {
  readonly registry: Registry;
  readonly location: string;
}

const PATIENCE = 300_000;

/** What every registry must do for processes that work on it at the same time, or die doing so. */
export function describeSharedRegistry(kind: string, shared: () => SharedRegistry): void {
  describe(`registry (${kind}): processes that add at the same time`, () => {
    it(
      'make one version of the same bytes',
      async () => {
        const { location, registry } = shared();
        const added = await inProcesses<{ version: number; created: boolean }>(location, 5, () => [
          'add',
          'the same',
        ]);
        expect(added.map(({ version }) => version)).toEqual([1, 1, 1, 1, 1]);
        expect(added.filter(({ created }) => created)).toHaveLength(1);
        expect(await registry.versions('churn')).toHaveLength(1);
      },
      PATIENCE,
    );

    it(
      'make a version each of different bytes',
      async () => {
        const { location, registry } = shared();
        const added = await inProcesses<{ version: number; created: boolean }>(location, 5, (index) => [
          'add',
          `bytes ${index}`,
        ]);
        expect(added.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5]);
        expect(added.every(({ created }) => created)).toBe(true);
        for (const [index, { version }] of added.entries()) {
          expect((await registry.load('churn', version)).digest).toBe(`sha256:${sha256(`bytes ${index}`)}`);
        }
      },
      PATIENCE,
    );
  });

  it(
    `registry (${kind}): fifty processes that promote and roll back at the same time leave one chain with every move`,
    async () => {
      const { location, registry } = shared();
      for (const content of ['one', 'two', 'three']) await registry.add('churn', candidateOf(content));
      for (const version of [1, 2, 3])
        await registry.promote({ name: 'churn', version, environment: 'production', by: 'ada' });
      const orders = ['1', '2', 'back', '3', 'back'];
      const returned = (
        await inProcesses<AliasMove[]>(location, 50, (index) => ['move', orders[index % orders.length]!])
      ).flat();

      const history = await registry.history('churn');
      for (const [index, move] of history.entries()) expect(move.from).toBe(history[index - 1]?.to);
      expect((await registry.alias('churn', 'production'))?.version).toBe(history.at(-1)!.to);
      // Each order has a name of its own. A promotion to what is live already gives the move that made it live.
      expect(returned).toHaveLength(50);
      for (const move of returned) expect(history).toContainEqual(move);
      const made = history.slice(3).map((move) => move.by);
      expect(new Set(made).size).toBe(made.length);
      expect(new Set(returned.map((move) => move.by).filter((by) => by !== 'ada'))).toEqual(new Set(made));
      expect(history.filter((move) => move.action === 'rollback')).toHaveLength(20);
    },
    PATIENCE,
  );

  it(`registry (${kind}): a process killed while it adds leaves no version`, async () => {
    const { location, registry } = shared();
    expect(await runToDeath(location, 'add and die', 'zero', 'files written')).toBe('SIGKILL');
    expect(await registry.models()).toEqual([]);
    await expect(registry.versions('churn')).rejects.toMatchObject({ code: 'model.unknown' });
    await registry.add('churn', candidateOf('one'));
    expect(await runToDeath(location, 'add and die', 'two', 'files written')).toBe('SIGKILL');
    expect((await registry.versions('churn')).map(({ version }) => version)).toEqual([1]);
    const { manifest, created } = await registry.add('churn', candidateOf('two'));
    expect({ version: manifest.version, created }).toEqual({ version: 2, created: true });
  });
}
