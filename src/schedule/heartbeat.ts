/** Every minute of the clock, as cron itself looks at it. */
const EVERY_MINUTE = '* * * * *';

/**
 * Calls `beat` at once and then every minute, also when the host slept through some, until `signal` aborts; beats do not
 * overlap. Rejects with what `beat` throws.
 */
export async function keepBeating(beat: () => Promise<void>, signal: AbortSignal): Promise<void> {
  const { createTask } = await import('node-cron');
  let failed: (error: unknown) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => (failed = reject));
  const guarded = (): Promise<void> => beat().catch((error: unknown) => failed(error));
  const task = createTask(EVERY_MINUTE, guarded, { noOverlap: true, logger: SILENT });
  // A beat that comes late, because the host slept or was busy, is a beat.
  task.on('execution:missed', guarded);
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  try {
    await Promise.race([beat(), failure, aborted]);
    await task.start();
    await Promise.race([failure, aborted]);
  } finally {
    await task.destroy();
  }
}

/** It would write to stdout. */
const SILENT = { info: nothing, warn: nothing, error: nothing, debug: nothing };

function nothing(): void {
  // What matters is logged where it happens.
}
