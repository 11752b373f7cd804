import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Source } from '../../src/domain/source.js';
import type { ScoringPlan } from '../../src/run/block-scorer.js';
import { startEarly } from '../../src/run/early-threads.js';
import type { RunRequest } from '../../src/run/run-request.js';
import { openPool } from '../../src/run/scorer-pool.js';
import { REPOSITORY } from '../helpers/cli.js';

const WORKER = pathToFileURL(path.join(REPOSITORY, 'dist/worker.js'));
const BLOCK = 1000;

function start(estimatedBytes: number, entry = WORKER, limit?: number) {
  const settings = { workers: 2, blockBytes: BLOCK };
  const source = { estimateBytes: () => Promise.resolve(estimatedBytes) } as Source;
  return startEarly(source, { settings, limit } as RunRequest, entry);
}

describe('threads that start early', () => {
  it('are none for an input of two blocks, or where rows are counted', async () => {
    expect((await start(2 * BLOCK)).threads).toEqual([]);
    expect((await start(10 * BLOCK, WORKER, 5)).threads).toEqual([]);
  });

  it('end without a plan, where the input turned out to be small', async () => {
    const early = await start(2 * BLOCK + 1);
    expect(early.threads).toHaveLength(2);
    await early.close();
    // Whoever closes first.
    await early.close();
  });

  it('say why they cannot score when the plan is opened, and end', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predawn-early-'));
    try {
      const entry = path.join(folder, 'worker.mjs');
      await writeFile(entry, 'throw new Error("no code here");');
      const early = await start(10 * BLOCK, pathToFileURL(entry));
      const parts = { codecs: {} as never, workerEntry: WORKER, workers: 2, started: early.threads };
      await expect(openPool({} as ScoringPlan, parts)).rejects.toMatchObject({
        code: 'worker.died',
        message: expect.stringContaining('no code here') as string,
      });
      await early.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
