import pg from 'pg';

/** One statement that a client of this process sent, and the seconds until it was answered. */
export interface Statement {
  readonly text: string;
  readonly seconds: number;
}

/** What a statement of publishing does, by its text; the first that fits. */
const PARTS: readonly (readonly [part: string, text: RegExp])[] = [
  ['key', /\badd (constraint \S+ )?primary key\b|^create unique index\b/i],
  ['analyze', /\banalyze\b/i],
  ['attach', /\battach partition\b/i],
  ['compare', /\bfull join\b|\ball_fresh limit\b/i],
  ['keep outgoing', /^create table \S+_r\d{8}_/i],
  ['delete', /^delete from .* live\b/is],
  ['update', /^update .* live\b/is],
  ['insert', /^insert into (?!predawn\.)/i],
  ['count', /^\s*select count\(/i],
  ['commit', /^commit\b/i],
];
export const PART_NAMES = [...PARTS.map(([part]) => part), 'other'];

/** Runs `work` and returns the statements that any client of this process sent meanwhile, but for COPY. */
export async function watchStatements(work: () => Promise<void>): Promise<readonly Statement[]> {
  const statements: Statement[] = [];
  const prototype = pg.Client.prototype as { query: (this: pg.Client, ...args: unknown[]) => unknown };
  const original = prototype.query;
  prototype.query = function (...args) {
    const start = performance.now();
    const result = original.apply(this, args);
    const text = typeof args[0] === 'string' ? args[0] : undefined;
    if (text === undefined || !(result instanceof Promise)) return result;
    return result.finally(() => statements.push({ text, seconds: (performance.now() - start) / 1000 }));
  };
  try {
    await work();
  } finally {
    prototype.query = original;
  }
  return statements;
}

/** Seconds of each part of publishing, by its name. */
export function secondsByPart(statements: readonly Statement[]): Readonly<Record<string, number>> {
  const seconds = Object.fromEntries(PART_NAMES.map((part) => [part, 0]));
  for (const { text, seconds: taken } of statements) {
    const part = PARTS.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
    seconds[part]! += taken;
  }
  return seconds;
}
