import { writeSync } from 'node:fs';
import { openFilesPublication } from '../../../src/files/publication.js';
import { PredawnError } from '../../../src/domain/errors.js';
import { makeFileEncoder } from '../../../src/files/encoder.js';
import type { PublishStep } from '../../../src/files/slice.js';
import { CHURN, newAttempt, newReceipt, targetOf } from '../../contracts/attempts.js';
import { churnRows, scoredRows } from '../../contracts/scored-rows.js';

/** What a test tells this program, as JSON in its only argument. */
export interface ChildAttempt {
  readonly root: string;
  readonly asOf: string;
  readonly id: string;
  readonly rows: number;
  /** An attempt to restore, instead of publishing one. */
  readonly restore?: string;
  /** Where the program kills itself, as `kill -9` would; `held` waits for that to be done, with the lock taken. */
  readonly end: PublishStep | 'staged' | 'held';
}

const order = JSON.parse(process.argv[2]!) as ChildAttempt;
const attempt = newAttempt(order.asOf, targetOf(CHURN), { id: order.id });
const publication = await openFilesPublication({
  root: order.root,
  cwd: order.root,
  now: () => new Date(),
  onStep: endAt,
});
try {
  await (order.restore === undefined ? publish() : restore(order.restore));
} catch (error) {
  writeSync(1, `${error instanceof PredawnError ? error.code : String(error)}\n`);
}

async function publish(): Promise<void> {
  await publication.withAttempt(attempt, new AbortController().signal, async (stage) => {
    writeSync(1, 'locked\n');
    if (order.end === 'held') await new Promise((resolve) => process.stdin.once('end', resolve).resume());
    const encoder = await makeFileEncoder({ ...stage.encoder, kind: 'parquet' } as Parameters<
      typeof makeFileEncoder
    >[0]);
    const rows = scoredRows(CHURN, churnRows(order.rows), 0, order.rows);
    await stage.append({ payload: encoder.encode(rows), rows: rows.rows, keyHashes: undefined });
    const output = await stage.finish();
    endAt('staged');
    await stage.publish(({ changes }) => newReceipt(attempt, output, changes));
  });
}

async function restore(attemptId: string): Promise<void> {
  await publication.moveSlice(
    {
      id: order.id,
      action: 'restore',
      job: attempt.job,
      asOf: order.asOf,
      attemptId,
      by: 'tester',
      reason: undefined,
      retain: 3,
      force: false,
      unlessRestored: false,
    },
    new AbortController().signal,
  );
}

function endAt(step: ChildAttempt['end']): void {
  if (step === order.end) process.kill(process.pid, 'SIGKILL');
}
