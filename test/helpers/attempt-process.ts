import { makePostgresEncoder } from '../../src/postgres/encoder.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { newReceipt } from '../contracts/attempts.js';
import { scoredRows, type TestRows } from '../contracts/scored-rows.js';
import type { Attempt } from '../../src/domain/publication.js';

/** An attempt in a process of its own, for tests that kill it: says through IPC where it is, and waits to go on. */
interface Order {
  readonly url: string;
  readonly attempt: Attempt;
  readonly rows: TestRows;
}

process.once('message', (order: Order) => {
  void run(order);
});

async function run({ url, attempt, rows }: Order): Promise<void> {
  const publication = await openPostgresPublication({ url });
  await publication.withAttempt(attempt, new AbortController().signal, async (stage) => {
    await at('opened');
    const encoder = await makePostgresEncoder({ kind: 'postgres' });
    const scored = scoredRows(attempt.target, rows, 0, rows.keys[0]!.length);
    await stage.append({ payload: encoder.encode(scored), rows: scored.rows, keyHashes: undefined });
    await at('appended');
    const output = await stage.finish();
    await stage.duplicateKeys(5);
    await at('finished');
    return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
  });
  await at('published');
}

function at(step: string): Promise<void> {
  return new Promise((resolve) => {
    process.once('message', () => {
      resolve();
    });
    process.send!(step);
  });
}
