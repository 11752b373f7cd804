import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Registry } from '../../src/domain/registry.js';
import { startMove } from '../../src/domain/rollout-moves.js';
import { openFolderRegistry } from '../../src/registry/folder.js';
import { candidateOf } from '../contracts/candidates.js';
import { describeRollouts } from '../contracts/rollouts.js';

let folder: string;
let registry: Registry;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predawn-rollouts-'));
  registry = openFolderRegistry(folder, { now: () => new Date() });
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describeRollouts('folder', (work) => work(registry));

it('refuses a move that somebody changed', async () => {
  await registry.add('churn', candidateOf('a model'));
  const state = {
    mode: 'canary',
    version: 1,
    digest: 'd',
    share: 0.05,
    ramp: [0.05],
    afterCleanRuns: 1,
  } as const;
  await registry.moveRollout('churn', 'dev', (last) =>
    startMove({ model: 'churn', environment: 'dev' }, last, state, { at: '', by: 'ada', reason: undefined }),
  );
  const path = join(folder, 'churn/rollouts/dev/000001.json');
  const text = await readFile(path, 'utf8');
  await chmod(path, 0o644);
  await writeFile(path, text.replace('"share": 0.05', '"share": 0.95'));
  await expect(registry.rollout('churn', 'dev')).rejects.toMatchObject({ code: 'registry.damaged' });
  await expect(registry.rollouts('churn')).rejects.toMatchObject({ code: 'registry.damaged' });
});
