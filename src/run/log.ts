import type { Logger } from 'pino';

/** JSON lines on stderr, written at once: the last line survives every way out. Best effort: it never throws. */
export async function openLog(options: {
  level: string;
  bindings: Record<string, unknown>;
}): Promise<Logger> {
  const { default: pino } = await import('pino');
  const destination = pino.destination({ dest: 2, sync: true });
  // A full disk under stderr must not stop a run, nor turn a published one into a failure.
  destination.on('error', () => undefined);
  return pino(
    { level: options.level, base: options.bindings, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
}
