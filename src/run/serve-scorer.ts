import type { MessagePort } from 'node:worker_threads';
import type { BlockScorer, ScoringPlan } from './block-scorer.js';
import { toFailure, type WorkerReply, type WorkerRequest } from './worker-thread.js';

/**
 * The thread's side of `worker-thread.ts`: one reply per request, in order. The first request is to open the plan.
 *
 * @param loaded settles when requests may be answered; what fails in it fails again, and is told, when the plan is opened
 */
export function serveScorer(
  port: MessagePort,
  open: (plan: ScoringPlan) => Promise<BlockScorer>,
  loaded: Promise<void> = Promise.resolve(),
): void {
  let scorer: BlockScorer | undefined;
  let last = loaded.catch(() => undefined);

  port.on('message', (request: WorkerRequest) => {
    last = last.then(() => (request.kind === 'close' ? close() : answer(() => replyTo(request))));
  });

  async function replyTo(request: Exclude<WorkerRequest, { kind: 'close' }>): Promise<WorkerReply> {
    if (request.kind === 'open') {
      scorer = await open(request.plan);
      return { kind: 'ready' };
    }
    if (scorer === undefined) throw new TypeError('A block came before the plan');
    const { block } = request;
    return { kind: 'scored', block: await scorer.score(block), memory: block.bytes.buffer };
  }

  async function close(): Promise<void> {
    await scorer?.close().catch(() => undefined);
    port.close();
  }

  async function answer(work: () => Promise<WorkerReply>): Promise<void> {
    try {
      const reply = await work();
      port.postMessage(reply, transferables(reply));
    } catch (error) {
      port.postMessage({ kind: 'failed', failure: toFailure(error) } satisfies WorkerReply);
    }
  }
}

function transferables(reply: WorkerReply): ArrayBuffer[] {
  if (reply.kind !== 'scored') return [];
  const { payload, keyHashes, candidate } = reply.block;
  const own = [reply.memory, payload.buffer, ...bufferOf(keyHashes)];
  if (candidate === undefined || 'problem' in candidate) return own;
  const { scores, shadow } = candidate;
  const kept = shadow === undefined ? [] : [shadow.payload.buffer, ...bufferOf(shadow.keyHashes)];
  return [...own, ...scores.map(({ buffer }) => buffer), ...kept];
}

function bufferOf(array: BigUint64Array<ArrayBuffer> | undefined): ArrayBuffer[] {
  return array === undefined ? [] : [array.buffer];
}
