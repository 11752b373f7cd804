import { rm } from 'node:fs/promises';
import { cpSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { v7 } from 'uuid';
import { hashKeys } from '../../src/domain/key-hash.js';
import type { Attempt, Publication } from '../../src/domain/publication.js';
import type { ShardedAttempt, ShardPlan } from '../../src/domain/shards.js';
import { fileEncoding, makeFileEncoder } from '../../src/files/encoder.js';
import { openFilesLedger } from '../../src/files/ledger.js';
import { openFilesPublication } from '../../src/files/publication.js';
import type { PublishStep } from '../../src/files/slice.js';
import { CHURN, newAttempt, newReceipt, targetOf } from '../contracts/attempts.js';
import { churnRows, expectedRows, scoredRows } from '../contracts/scored-rows.js';
import { readPredictions } from './read-slice.js';

/** What a publisher leaves that dies after each step: the folder as it was at that moment. */
const DAY = '2026-11-20';
const ROWS = 6;
const target = targetOf(CHURN);
const never = new AbortController().signal;
const STEPS: readonly PublishStep[] = ['recorded', 'linked', 'renamed', 'synced', 'published'];

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

function newRoot(): string {
  const root = join(tmpdir(), `predawn-crash-${v7()}`);
  folders.push(root);
  return root;
}

const openAt = (root: string, onStep?: (step: PublishStep) => void): Promise<Publication> =>
  openFilesPublication({ root, cwd: root, now: () => new Date(), ...(onStep !== undefined && { onStep }) });

function onDate<T>(
  publication: Publication,
  work: Parameters<Publication['shards']['withDate']>[2],
): Promise<T> {
  return publication.shards.withDate({ id: v7(), job: 'churn', asOf: DAY }, never, work) as Promise<T>;
}

async function planAndScore(publication: Publication): Promise<Attempt> {
  const attempt = newAttempt(DAY, target);
  await onDate(publication, (date) => date.plan(planOf(attempt)));
  const encoder = await makeFileEncoder(fileEncoding(attempt));
  for (const shard of [0, 1]) {
    await publication.shards.withShard(
      { attemptId: attempt.id, job: 'churn', asOf: DAY },
      shard,
      never,
      async (stage) => {
        const scored = scoredRows(target, churnRows(ROWS), shard * 3, shard * 3 + 3);
        await stage.append({
          payload: encoder.encode(scored),
          rows: 3,
          keyHashes: hashKeys(scored.keys, 3),
        });
        await stage.reject([{ line: shard, column: undefined, code: 'field_count', raw: 'x' }]);
        return { ...TALLY, read: 3, scored: 3 };
      },
    );
  }
  return attempt;
}

const publish = (publication: Publication, attempt: Attempt) =>
  onDate(publication, async (date) =>
    date.publish((await date.open())!, async (stage) => {
      const output = await stage.finish();
      return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
    }),
  );

describe.each(STEPS)('a publisher of shards that dies when it has %s', (last) => {
  test.each([false, true])('is done, or can be done again; over a slice: %s', async (over) => {
    const root = newRoot();
    const crashed = newRoot();
    if (over) {
      const publication = await openAt(root);
      await publish(publication, await planAndScore(publication));
    }
    const publication = await openAt(root, (step) => {
      if (step !== last) return;
      cpSync(root, crashed, { recursive: true });
      // Its process is gone, and the lock of one that is gone is taken over.
      rmSync(join(crashed, '_predawn/churn/locks'), { recursive: true });
    });
    const attempt = await planAndScore(publication);
    await publish(publication, attempt);

    const after = await openAt(crashed);
    const open = await onDate<ShardedAttempt | undefined>(after, (date) => date.open());
    const ledger = await openFilesLedger(crashed);
    if (['recorded', 'linked'].includes(last)) {
      expect(open!.plan.attempt.id).toBe(attempt.id);
      expect(open!.manifests).toHaveLength(2);
      await publish(after, attempt);
    } else expect(open).toBeUndefined();
    expect(await ledger.find(attempt.id)).toMatchObject({ status: 'published', current: true });
    const file = join(crashed, target.table, `as_of=${DAY}`, 'predictions.parquet');
    expect(await readPredictions(file, target)).toEqual(
      expectedRows(churnRows(ROWS), attempt.artefact, attempt.id),
    );
    // The next attempt of the date finds nothing in its way.
    const next = await planAndScore(after);
    await publish(after, next);
    expect(await ledger.find(next.id)).toMatchObject({ status: 'published', current: true });
  });
});

const TALLY = {
  ...{ read: 0, scored: 0, rejected: 0, inexactIntegers: 0 },
  ...{ rejectsByCode: {}, rejectGroups: [], faults: [] },
};

function planOf(attempt: Attempt): ShardPlan {
  const shard = { from: 0, to: 1, linesBefore: 1, bytesBefore: 0, bytes: 1, digest: 'sha256:0' };
  return {
    attempt,
    location: 'input.csv',
    input: { summary: { fingerprint: 'sha256:1', bytes: 2, warnings: [] }, shards: [shard, shard] },
    expectedRows: undefined,
    unusedColumns: [],
    versions: { predawn: '0.1.0', onnxruntime: '1.30.0' },
  };
}
