import { once } from 'node:events';
import { writeSync } from 'node:fs';
import process from 'node:process';
import { isMainThread } from 'node:worker_threads';
import type { Step } from '../../src/domain/failpoint.js';

/**
 * What `src/domain/failpoint.ts` is in the program that the fault-injection tests run (`npm run build -- --failpoints`).
 * `PREDAWN_FAILPOINT=<step>:<action>` says what befalls it, `<step>#3:<action>` at the third time it gets there.
 */
export const ACTIONS = {
  kill: () => raise('SIGKILL'),
  term: () => raise('SIGTERM'),
  int: () => raise('SIGINT'),
  throw: () => {
    throw new Error('thrown by a failpoint');
  },
  /** A promise that never settles. */
  hang: () => new Promise<void>(() => undefined),
  /** A promise that is rejected, and that nobody looks at. */
  reject: () => void Promise.reject(new Error('rejected by a failpoint')),
  /** Ends the thread; for threads that score. */
  end: () => process.exit(0),
  memory: () => {
    for (const kept: number[][] = []; ;) kept.push(new Array<number>(1_000_000).fill(kept.length));
  },
  /** Goes on at SIGUSR2, so that a test can do something meanwhile. */
  wait: () => signalled('SIGUSR2'),
} satisfies Record<string, () => Promise<void> | void>;

export type Action = keyof typeof ACTIONS;

const [, asked, count = '1', action] =
  /^([^:#]+)(?:#(\d+))?:(\w+)$/.exec(process.env['PREDAWN_FAILPOINT'] ?? '') ?? [];
let toGo = Number(count);

/** See `src/domain/failpoint.ts`. */
export function failpoint(step: Step): Promise<void> | void {
  if (step !== asked || --toGo !== 0) return;
  const act = ACTIONS[action as Action];
  const acting = action === 'wait' ? act() : undefined;
  announce(step);
  return acting ?? act();
}

/** Written at once: the process may not live on. */
function announce(step: Step): void {
  try {
    writeSync(2, `failpoint: ${step}\n`);
  } catch {
    // A test that gives it a full disk doesn't wait for this.
  }
}

/** Sends this process a signal, and goes on when it came: a test knows then what was the case. */
async function raise(signal: 'SIGKILL' | 'SIGTERM' | 'SIGINT'): Promise<void> {
  const came = isMainThread ? signalled(signal) : undefined;
  process.kill(process.pid, signal);
  await came;
}

/** Waits for a signal, which by itself does not keep the process. */
async function signalled(signal: NodeJS.Signals): Promise<void> {
  const awake = setInterval(() => undefined, 1_000);
  await once(process, signal);
  clearInterval(awake);
}
