import { parentPort, workerData } from 'node:worker_threads';
import { codecs } from './block-wiring.js';
import { openBlockScorer, type ScoringPlan } from './run/block-scorer.js';
import { toFailure, type WorkerReply, type WorkerRequest } from './run/worker-thread.js';

/** Entry of a scoring thread: opens the plan it was started with, then answers one reply per request, in order. */
const port = parentPort;
if (port === null) throw new TypeError('worker.js is started by the scorer pool');
const opened = openBlockScorer(workerData as ScoringPlan, codecs);

let last = answer(async () => {
  await opened;
  return { kind: 'ready' };
});

port.on('message', (request: WorkerRequest) => {
  if (request.kind === 'close') {
    void last.then(async () => {
      await opened.then((scorer) => scorer.close()).catch(() => undefined);
      port.close();
    });
    return;
  }
  last = last.then(() =>
    answer(async () => ({ kind: 'scored', block: await (await opened).score(request.block) })),
  );
});

async function answer(work: () => Promise<WorkerReply>): Promise<void> {
  try {
    const reply = await work();
    port!.postMessage(reply, transferables(reply));
  } catch (error) {
    port!.postMessage({ kind: 'failed', failure: toFailure(error) } satisfies WorkerReply);
  }
}

function transferables(reply: WorkerReply): ArrayBuffer[] {
  if (reply.kind !== 'scored') return [];
  const { payload, keyHashes, candidate } = reply.block;
  const own = keyHashes === undefined ? [payload.buffer] : [payload.buffer, keyHashes.buffer];
  if (candidate === undefined || 'problem' in candidate) return own;
  const { scores, shadow } = candidate;
  const kept = shadow === undefined ? [] : [shadow.payload.buffer, ...bufferOf(shadow.keyHashes)];
  return [...own, ...scores.map(({ buffer }) => buffer), ...kept];
}

function bufferOf(array: BigUint64Array<ArrayBuffer> | undefined): ArrayBuffer[] {
  return array === undefined ? [] : [array.buffer];
}
