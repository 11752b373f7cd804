import { describe, expect, it } from 'vitest';
import type { Registry } from '../../src/domain/registry.js';
import type { RolloutMove } from '../../src/domain/rollout.js';
import { cleanMove, isChained, startMove, stopMove } from '../../src/domain/rollout-moves.js';
import { candidateOf } from './candidates.js';

const facts = (second: number) => ({
  ...{ at: new Date(Date.UTC(2026, 10, 21, 6, 0, second)).toISOString(), by: 'ada', reason: 'r' },
});

/** What every registry must do with shadows and canaries. `withRegistry` gives a new, empty one. */
export function describeRollouts(
  kind: string,
  withRegistry: (work: (registry: Registry) => Promise<void>) => Promise<void>,
): void {
  describe(`rollouts in a registry: ${kind}`, () => {
    const to = { mode: 'canary', version: 1, digest: 'sha256:1', share: 0.05, ramp: [0.05, 1] } as const;
    const start = (registry: Registry, environment: string, second: number) =>
      registry.moveRollout('churn', environment, (last) =>
        startMove({ model: 'churn', environment }, last, { ...to, afterCleanRuns: 100 }, facts(second)),
      );
    const withModel = (work: (registry: Registry) => Promise<void>) =>
      withRegistry(async (registry) => {
        await registry.add('churn', candidateOf('a model'));
        await work(registry);
      });

    it('are none before the first', () =>
      withModel(async (registry) => {
        expect(await registry.rollout('churn', 'production')).toBeUndefined();
        expect(await registry.rollouts('churn')).toEqual([]);
      }));

    it('keep every move, each environment apart, and give the newest', () =>
      withModel(async (registry) => {
        const first = await start(registry, 'production', 1);
        const other = await start(registry, 'staging', 2);
        const stopped = await registry.moveRollout('churn', 'production', (last) =>
          stopMove({ model: 'churn', environment: 'production' }, last, 'canary', facts(3)),
        );
        expect(await registry.rollout('churn', 'production')).toEqual(stopped);
        expect(await registry.rollout('churn', 'staging')).toEqual(other);
        expect(await registry.rollouts('churn')).toEqual([first, other, stopped]);
        expect(first).toMatchObject({ by: 'ada', reason: 'r', from: undefined, to: { share: 0.05 } });
        expect(await registry.alias('churn', 'production')).toBeUndefined();
      }));

    it('append nothing where the newest move is given back', () =>
      withModel(async (registry) => {
        expect(await registry.moveRollout('churn', 'production', (last) => last)).toBeUndefined();
        const first = await start(registry, 'production', 1);
        expect(await registry.moveRollout('churn', 'production', (last) => last)).toEqual(first);
        expect(await registry.rollouts('churn')).toHaveLength(1);
      }));

    it('lose no move of many at once', () =>
      withModel(async (registry) => {
        const seen = (await start(registry, 'production', 0))!.to!;
        await Promise.all(
          Array.from({ length: 12 }, (_, index) => {
            const run = { job: 'churn', asOf: `day ${index}`, attemptId: String(index) };
            return registry.moveRollout('churn', 'production', (last) =>
              cleanMove({ model: 'churn', environment: 'production' }, last, seen, { ...facts(index), run }),
            );
          }),
        );
        const moves = await registry.rollouts('churn');
        expect(moves).toHaveLength(13);
        expect(moves.every((move, index) => isChained(moves[index - 1], move))).toBe(true);
        expect(new Set(moves.at(-1)!.to!.cleanRuns).size).toBe(12);
        expect(moves.at(-1)).toEqual(await registry.rollout('churn', 'production'));
      }));

    it('are of models that are there, and of environments that have a name', () =>
      withModel(async (registry) => {
        const none = (): RolloutMove | undefined => undefined;
        await expect(registry.rollout('chum', 'production')).rejects.toMatchObject({ code: 'model.unknown' });
        await expect(registry.moveRollout('chum', 'x', none)).rejects.toMatchObject({
          code: 'model.unknown',
        });
        await expect(registry.rollouts('chum')).rejects.toMatchObject({ code: 'model.unknown' });
        await expect(registry.rollout('churn', '../x')).rejects.toMatchObject({ code: 'registry.name' });
        await expect(registry.moveRollout('churn', '../x', none)).rejects.toMatchObject({
          code: 'registry.name',
        });
      }));
  });
}
