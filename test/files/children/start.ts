import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { childProgram } from '../../helpers/child-program.js';
import type { ChildAttempt } from './attempt.js';

/** An attempt in a process of its own. */
export interface RunningChild {
  readonly process: ChildProcess;
  /** The next line it prints: `locked`, or the code of the error it got; undefined at its end. */
  line(): Promise<string | undefined>;
  /** The signal that ended it, null if it ended by itself. */
  readonly ended: Promise<NodeJS.Signals | null>;
}

export function startChild(order: ChildAttempt): RunningChild {
  const child = spawn(process.execPath, [childProgram('files-attempt'), JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    process: child,
    line: async () => {
      const next = await lines.next();
      return next.done === true ? undefined : next.value;
    },
    ended: once(child, 'exit').then(([, signal]) => signal as NodeJS.Signals | null),
  };
}
