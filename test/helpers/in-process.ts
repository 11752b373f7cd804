import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { v7 as uuidv7 } from 'uuid';
import { runProgram } from '../../src/cli/program.js';
import { wireServices } from '../../src/wiring.js';
import { MAIN, REPOSITORY } from './cli.js';

const WORKER = pathToFileURL(path.join(REPOSITORY, 'dist/worker.js'));

export interface InProcessResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line with everything real but the process: fast enough for many small cases. */
export async function runInProcess(
  args: readonly string[],
  { cwd, env = {}, now = new Date() }: { cwd: string; env?: Record<string, string>; now?: Date },
): Promise<InProcessResult> {
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => (written[name] += text),
    isTTY: false,
    columns: 100,
  });
  const code = await runProgram(args, {
    // Threads run the built program: Node can't load TypeScript by itself everywhere.
    services: { ...(await wireServices({ cwd, now: () => now })), workerEntry: WORKER },
    cwd,
    variables: { PREDAWN_LOG_LEVEL: 'silent', ...env },
    program: [process.execPath, MAIN],
    cores: 2,
    user: 'tester',
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    signal: new AbortController().signal,
    now: () => now,
    newAttemptId: () => uuidv7(),
  });
  return { code, ...written };
}
