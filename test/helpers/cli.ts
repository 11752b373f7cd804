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
}

export interface RunningCli {
  readonly child: ChildProcess;
  readonly finished: Promise<CliResult>;
  /** Resolves when a log line with this message came on stderr; rejects if the process ends without it. */
  logged(message: string): Promise<void>;
}

/** Starts the built program as a process of its own. */
export function startCli(args: readonly string[], { cwd, env = {} }: CliOptions): RunningCli {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd,
    env: { PATH, HOME, ...(TMPDIR !== '' && { TMPDIR }), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let onStderr = (): void => undefined;
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onStderr();
  });
  const finished = new Promise<CliResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return {
    child,
    finished,
    logged: (message) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (stderr.includes(`"msg":"${message}"`)) resolve();
        };
        onStderr = look;
        look();
        finished.then(() => reject(new Error(`It ended without logging "${message}": ${stderr}`)), reject);
      }),
  };
}

/** Runs the built program to its end. */
export function runCli(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return startCli(args, options).finished;
}
