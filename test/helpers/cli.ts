import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';

export const REPOSITORY = path.resolve(import.meta.dirname, '../..');
export const MAIN = path.join(REPOSITORY, 'dist/main.js');

export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly cwd: string;
  readonly env?: Record<string, string>;
  /** The built program; the one that is shipped unless told. */
  readonly main?: string;
  /** File descriptors that it writes to, instead of what is read here. */
  readonly stdout?: number;
  readonly stderr?: number;
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly finished: Promise<CliResult>;
  /** Resolves when a log line with this message came on stderr; rejects if the process ends without it. */
  readonly logged: (message: string) => Promise<void>;
  /** Resolves with the match once stderr holds one; rejects if the process ends without. */
  readonly wrote: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** Starts the built program as a process of its own. */
export function startCli(args: readonly string[], options: CliOptions): RunningCli {
  const { cwd, env = {}, main = MAIN } = options;
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH, HOME, ...(TMPDIR !== '' && { TMPDIR }), ...env },
    stdio: ['ignore', options.stdout ?? 'pipe', options.stderr ?? 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const lookers = new Set<() => void>();
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    for (const look of lookers) look();
  });
  const finished = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const wrote = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(stderr);
        if (match === null) return;
        lookers.delete(look);
        resolve(match);
      };
      lookers.add(look);
      look();
      finished.then(() => reject(new Error(`It ended without ${String(pattern)}: ${stderr}`)), reject);
    });
  return {
    child,
    finished,
    wrote,
    logged: async (message) => {
      await wrote(new RegExp(`"msg":"${message}"`));
    },
  };
}

/** Runs the built program to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).finished;
}
