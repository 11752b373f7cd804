import type { Block } from '../domain/columns.js';
import type { Model } from '../domain/model.js';
import {
  type BlockScorer,
  type Codecs,
  openBlockScorer,
  type ScoredBlock,
  type ScoringPlan,
} from './block-scorer.js';
import { closeThreads, startWorkerThread, type WorkerThread } from './worker-thread.js';

/** Several block scorers behind one: `score` may be called again before it settles, up to `depth` times. */
export interface ScorerPool extends BlockScorer {
  /** How many blocks may be in flight: enough to keep every scorer busy, few enough to bound memory. */
  readonly depth: number;
}

/** What a pool is made of. */
export interface PoolParts {
  readonly codecs: Codecs;
  readonly workerEntry: URL;
  /** Threads; 0 for a small input, which is scored on the calling thread. */
  readonly workers: number;
  /** Threads that were started before the plan was known; taken first, and closed with the pool. */
  readonly started?: readonly WorkerThread[];
  /** The plan's model as the calling thread has it open: scored with here, or closed to make room for the threads'. */
  readonly model?: Model;
}

/** Opens a pool. Where rows are counted (`--limit`) there is one scorer, which counts. */
export async function openPool(
  plan: ScoringPlan,
  { codecs, workerEntry, workers, started = [], model }: PoolParts,
): Promise<ScorerPool> {
  if (workers === 0 || plan.limit !== undefined) return openInlinePool(plan, codecs, model);
  await model?.close();
  const threads = Array.from(
    { length: workers },
    (_, index) => started[index] ?? startWorkerThread(workerEntry),
  );
  return openThreadPool(plan, threads);
}

/** Scores on the calling thread. For input of a block or so, where starting threads would cost more than it gives. */
async function openInlinePool(
  plan: ScoringPlan,
  codecs: Codecs,
  model: Model | undefined,
): Promise<ScorerPool> {
  const scorer = await openBlockScorer(plan, codecs, model);
  return { ...scorer, depth: 1 };
}

/** One worker thread per scorer, each with a session of its own (`session.run` blocks the thread that calls it). */
async function openThreadPool(plan: ScoringPlan, threads: readonly WorkerThread[]): Promise<ScorerPool> {
  try {
    await Promise.all(threads.map((thread) => thread.open(plan)));
  } catch (error) {
    await closeThreads(threads);
    throw error;
  }
  return {
    depth: 2 * threads.length,
    score: (block: Block): Promise<ScoredBlock> => leastBusy(threads).score(block),
    close: () => closeThreads(threads),
  };
}

function leastBusy(threads: readonly WorkerThread[]): WorkerThread {
  return threads.reduce((best, thread) => (thread.outstanding < best.outstanding ? thread : best));
}
