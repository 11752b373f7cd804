import { once } from 'node:events';
import { MessageChannel } from 'node:worker_threads';
import { expect, it } from 'vitest';
import type { ScoredBlock, ScoringPlan } from '../../src/run/block-scorer.js';
import { serveScorer } from '../../src/run/serve-scorer.js';
import type { WorkerReply, WorkerRequest } from '../../src/run/worker-thread.js';

it('hands the memory of a block back with its scores, none of it shared', async () => {
  const { port1: main, port2: thread } = new MessageChannel();
  let lent: Uint8Array | undefined;
  serveScorer(thread, () =>
    Promise.resolve({
      score: ({ bytes }) => {
        lent = bytes;
        return Promise.resolve({ payload: bytes.slice(0, 2) } as ScoredBlock);
      },
      close: () => Promise.resolve(),
    }),
  );
  const ask = async (request: WorkerRequest, transferred: ArrayBuffer[] = []): Promise<WorkerReply> => {
    const answered = once(main, 'message') as Promise<[WorkerReply]>;
    main.postMessage(request, transferred);
    return (await answered)[0];
  };
  expect(await ask({ kind: 'open', plan: {} as ScoringPlan })).toEqual({ kind: 'ready' });
  const bytes = Uint8Array.of(1, 2, 3);
  const reply = await ask({ kind: 'score', block: { sequence: 0, bytes } }, [bytes.buffer]);
  expect(bytes.buffer.byteLength).toBe(0);
  expect(lent!.buffer.byteLength).toBe(0);
  expect(reply).toEqual({
    kind: 'scored',
    block: { payload: Uint8Array.of(1, 2) },
    memory: Uint8Array.of(1, 2, 3).buffer,
  });
  main.postMessage({ kind: 'close' } satisfies WorkerRequest);
  await once(main, 'close');
});
