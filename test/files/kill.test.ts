import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PublishedSlice } from '../../src/domain/publication.js';
import type { PublishStep } from '../../src/files/slice.js';
import { CHURN, newAttempt, newReceipt, targetOf } from '../contracts/attempts.js';
import { churnRows, scoredRows } from '../contracts/scored-rows.js';
import { startChild } from './children/start.js';
import { type FilesUnderTest, openFilesUnderTest } from './publication-under-test.js';

const DAY = '2026-11-20';
const churn = targetOf(CHURN);
const signal = new AbortController().signal;
let subject: FilesUnderTest;

beforeEach(async () => {
  subject = await openFilesUnderTest();
});
afterEach(async () => {
  await subject.cleanup();
});

const steps: [PublishStep | 'staged', 'old' | 'new'][] = [
  ['staged', 'old'],
  ['recorded', 'old'],
  ['linked', 'old'],
  ['renamed', 'new'],
  ['synced', 'new'],
  ['published', 'new'],
];

test.each(steps)(
  'killed when %s: readers see the %s slice, whole, and the next run settles it',
  async (end, seen) => {
    const old = await publish(3000);
    const id = v7();
    const child = startChild({ root: subject.root, asOf: DAY, id, rows: 5000, end });
    let running = true;
    const ended = child.ended.finally(() => (running = false));
    while (running) expect([`3000 rows of ${old}`, `5000 rows of ${id}`]).toContain(await describeSlice());
    expect(await ended).toBe('SIGKILL');
    expect(await describeSlice()).toBe(seen === 'old' ? `3000 rows of ${old}` : `5000 rows of ${id}`);
    expect((await subject.ledger.find(id))!.status).toBe(end === 'published' ? 'published' : 'open');

    expect(await subject.publication.check(churn)).toEqual([]);

    let current: PublishedSlice | undefined;
    await subject.publication.withAttempt(newAttempt(DAY, churn), signal, async (stage) => {
      current = stage.current;
    });
    expect(current!.attemptId).toBe(seen === 'old' ? old : id);
    expect(current!.receipt.attempt_id).toBe(current!.attemptId);
    const entry = (await subject.ledger.find(id))!;
    expect(entry).toMatchObject(
      seen === 'old'
        ? { status: 'failed', current: false, receipt: undefined, error: { code: 'attempt.killed' } }
        : { status: 'published', current: true, error: undefined },
    );
    expect((await subject.ledger.find(old))!.current).toBe(seen === 'old');
    const staged = join(subject.root, '_predawn', 'churn', 'attempts', DAY, `${id}.parquet`);
    expect(existsSync(staged)).toBe(seen === 'new');
    expect(await readdir(join(subject.root, churn.table, `as_of=${DAY}`))).toEqual(['predictions.parquet']);
  },
);

test.each(steps.filter(([end]) => end !== 'staged'))(
  'a restore killed when %s: readers see the %s slice, whole, and the next run settles it',
  async (end, seen) => {
    const first = await publish(3000);
    const second = await publish(5000);
    const child = startChild({ root: subject.root, asOf: DAY, id: v7(), rows: 0, restore: first, end });
    let running = true;
    const ended = child.ended.finally(() => (running = false));
    while (running)
      expect([`3000 rows of ${first}`, `5000 rows of ${second}`]).toContain(await describeSlice());
    expect(await ended).toBe('SIGKILL');
    const restored = seen === 'new';
    expect(await describeSlice()).toBe(restored ? `3000 rows of ${first}` : `5000 rows of ${second}`);

    await subject.publication.withAttempt(newAttempt(DAY, churn), signal, async ({ current }) => {
      expect(current!.attemptId).toBe(restored ? first : second);
    });
    const entries = await Promise.all([first, second].map((id) => subject.ledger.find(id)));
    expect(entries.map((entry) => entry!.current)).toEqual([restored, !restored]);
    expect(entries.map((entry) => entry!.status)).toEqual(['published', 'published']);
    expect(entries[0]!.moves.map(({ action }) => action)).toEqual(
      restored ? ['publish', 'restore'] : ['publish'],
    );
    expect(await readdir(join(subject.root, churn.table, `as_of=${DAY}`))).toEqual(['predictions.parquet']);
  },
);

async function publish(rows: number): Promise<string> {
  const attempt = newAttempt(DAY, churn);
  await subject.publication.withAttempt(attempt, signal, async (stage) => {
    const encoder = await subject.makeEncoder(stage.encoder);
    const payload = encoder.encode(scoredRows(CHURN, churnRows(rows), 0, rows));
    await stage.append({ payload, rows, keyHashes: undefined });
    const output = await stage.finish();
    return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
  });
  return attempt.id;
}

async function describeSlice(): Promise<string> {
  const rows = await subject.readSlice(churn, DAY);
  const attempts = [...new Set(rows.map(({ attemptId }) => attemptId))];
  return `${rows.length} rows of ${attempts.join(' and ')}`;
}
