import type { Source } from '../domain/source.js';
import type { RunRequest } from './run-request.js';
import { closeThreads, startWorkerThread, type WorkerThread } from './worker-thread.js';

/** Scoring threads that load while a run opens its destination; those that no pool took end with `close`. */
export interface EarlyThreads {
  readonly threads: readonly WorkerThread[];
  close(): Promise<void>;
}

/** Starts them where the input is probably large enough for threads: whether it is, its first blocks will show. */
export async function startEarly(
  source: Source,
  { settings, limit }: RunRequest,
  entry: URL,
): Promise<EarlyThreads> {
  const isLarge = limit === undefined && (await source.estimateBytes()) > 2 * settings.blockBytes;
  const threads = Array.from({ length: isLarge ? settings.workers : 0 }, () => startWorkerThread(entry));
  return {
    threads,
    close: () => closeThreads(threads),
  };
}
