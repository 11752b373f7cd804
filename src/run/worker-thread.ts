import { Worker } from 'node:worker_threads';
import { BlockError } from '../domain/codecs.js';
import type { Block } from '../domain/columns.js';
import { describeError, type ErrorKind, PredawnError } from '../domain/errors.js';
import type { ScoredBlock, ScoringPlan } from './block-scorer.js';

/** Main thread to worker: first the plan, then blocks. */
export type WorkerRequest =
  | { readonly kind: 'open'; readonly plan: ScoringPlan }
  | { readonly kind: 'score'; readonly block: Block }
  | { readonly kind: 'close' };

/** Worker to main thread; replies come in the order of the requests. */
export type WorkerReply =
  | { readonly kind: 'ready' }
  /** With the memory of the block that was scored. */
  | { readonly kind: 'scored'; readonly block: ScoredBlock; readonly memory: ArrayBuffer }
  | { readonly kind: 'failed'; readonly failure: WorkerFailure };

/** An error as plain data: structured clone keeps neither classes nor fields of errors. */
export type WorkerFailure =
  | {
      readonly type: 'block';
      kind: BlockError['kind'];
      code: string;
      line: number;
      problem: string;
      hint: string;
    }
  | { readonly type: 'predawn'; kind: ErrorKind; code: string; message: string; hint: string | undefined }
  | { readonly type: 'other'; readonly message: string; readonly stack: string | undefined };

export function toFailure(error: unknown): WorkerFailure {
  if (error instanceof BlockError) {
    const { kind, code, line, problem, hint } = error;
    return { type: 'block', kind, code, line, problem, hint };
  }
  if (error instanceof PredawnError) {
    const { kind, code, message, hint } = error;
    return { type: 'predawn', kind, code, message, hint };
  }
  return {
    type: 'other',
    message: describeError(error),
    stack: error instanceof Error ? error.stack : undefined,
  };
}

function fromFailure(failure: WorkerFailure): Error {
  if (failure.type === 'block') {
    return new BlockError(failure.kind, failure.code, failure.line, failure.problem, failure.hint);
  }
  if (failure.type === 'predawn') {
    return new PredawnError(failure.kind, failure.code, failure.message, { hint: failure.hint });
  }
  const error = new Error(failure.message);
  if (failure.stack !== undefined) error.stack = failure.stack;
  return error;
}

/**
 * A thread makes little that outlives its block: more room for new objects is more memory, for no gain in speed
 * (docs/performance.md). `worker.ts` says so of the main thread.
 */
const YOUNG_MEGABYTES = 6;

export interface WorkerThread {
  /** Opens the plan that it is to score by; once, before the first block. */
  open(plan: ScoringPlan): Promise<void>;
  readonly outstanding: number;
  score(block: Block): Promise<ScoredBlock>;
  /**
   * Waits for the block in hand: ending a thread inside onnxruntime's run() aborts the whole process. May be called more
   * than once, and before `open`.
   */
  close(): Promise<void>;
}

interface Waiting {
  resolve(reply: WorkerReply): void;
  reject(error: Error): void;
}

export async function closeThreads(threads: readonly WorkerThread[]): Promise<void> {
  await Promise.all(threads.map((thread) => thread.close()));
}

/** Starts a thread, which loads what it needs for any plan. */
export function startWorkerThread(entry: URL): WorkerThread {
  const worker = new Worker(entry, { resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MEGABYTES } });
  const waiting: Waiting[] = [];
  let death: Error | undefined;

  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  worker.on('message', (message: WorkerReply) => {
    const next = waiting.shift();
    if (message.kind === 'failed') next?.reject(fromFailure(message.failure));
    else next?.resolve(message);
  });
  worker.on('error', (error) => die(describeError(error)));
  worker.on('exit', (code) => die(`it exited with code ${code}`));
  // A run that never gets to its plan must not live on for a thread that waits for it. After the listeners: each of them
  // would keep the process alive again.
  worker.unref();

  function die(reason: string): void {
    death ??= new PredawnError('internal', 'worker.died', `A scoring thread died: ${reason}.`, {
      hint: 'Nothing was published. If memory ran out, lower workers or block_bytes in predawn.yaml.',
    });
    for (const each of waiting.splice(0)) each.reject(death);
  }

  function reply(): Promise<WorkerReply> {
    return new Promise((resolve, reject) => {
      if (death === undefined) waiting.push({ resolve, reject });
      else reject(death);
    });
  }

  return {
    async open(plan) {
      worker.ref();
      const answer = reply();
      worker.postMessage({ kind: 'open', plan } satisfies WorkerRequest);
      await answer;
    },
    get outstanding() {
      return waiting.length;
    },
    async score({ sequence, bytes, giveBack }) {
      const asked = reply();
      worker.postMessage({ kind: 'score', block: { sequence, bytes } } satisfies WorkerRequest, [
        bytes.buffer,
      ]);
      const answer = await asked;
      if (answer.kind !== 'scored') throw new TypeError('A worker answered a block without one');
      giveBack?.(answer.memory);
      return answer.block;
    },
    async close() {
      worker.ref();
      worker.postMessage({ kind: 'close' } satisfies WorkerRequest);
      await exited;
    },
  };
}
