import type { Logger } from 'pino';

/** JSON lines on stderr, written at once: the last line survives every way out. */
export async function openLog(options: {
  level: string;
  bindings: Record<string, unknown>;
}): Promise<Logger> {
  const { default: pino } = await import('pino');
  return pino(
    { level: options.level, base: options.bindings, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}
