#!/usr/bin/env node
import { availableParallelism, userInfo } from 'node:os';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { v7 as uuidv7 } from 'uuid';
import type { TextStream } from './cli/context.js';
import { INTERNAL_ERROR } from './cli/exit-codes.js';
import { runProgram } from './cli/program.js';
import { asPredawnError, renderError } from './cli/render-error.js';
import { PredawnError } from './domain/errors.js';
import { wireServices } from './wiring.js';

/**
 * The edge: process in, exit code out. The code starts as "a bug of ours" and becomes another only by a command's
 * result: a promise that never settles or a handler that swallows a signal must not look like success.
 */
process.exitCode = INTERNAL_ERROR;

process.on('uncaughtException', dieOfBug);
process.on('unhandledRejection', dieOfBug);
process.once('beforeExit', () => dieOfBug(new Error('the program ended before its work was done')));
// Whoever read our output has gone away, or its disk is full: the outcome is the ledger's, not the pipe's.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

// onnxruntime would tell its makers about models and runs, and keep a database and an identifier for that. It asks the
// process, whose environment only this thread can change.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // Once: a second signal ends the process at once, in the way of the platform.
  process.once(signal, () =>
    interruption.abort(
      new PredawnError(
        'interrupted',
        'interrupted',
        `${signal} before anything was published; the table is as it was.`,
        {
          signal,
          hint: 'Running again is safe.',
        },
      ),
    ),
  );
}

const now = () => new Date();
process.exitCode = await runProgram(process.argv.slice(2), {
  services: await wireServices({ cwd: process.cwd(), now }),
  cwd: process.cwd(),
  variables: process.env,
  program: [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)],
  cores: availableParallelism(),
  user: userName(),
  stdout: textStream(process.stdout),
  stderr: textStream(process.stderr),
  signal: interruption.signal,
  now,
  newAttemptId: () => uuidv7(),
});
endWhenWritten();

/**
 * Ends once the output is out, whatever still holds the process: a name being looked up, a write to a dead mount. Left to
 * itself, Node.js would first take down what it set up, and for 25 ms a signal would kill a run that has published.
 */
function endWhenWritten(): void {
  const isOut = ({ writableLength, errored }: NodeJS.WriteStream) => writableLength === 0 || errored !== null;
  if (isOut(process.stdout) && isOut(process.stderr)) process.exit();
  setTimeout(endWhenWritten, 10);
}

/** A container may run under a number that has no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`;
  }
}

function textStream(stream: NodeJS.WriteStream): TextStream {
  return { write: (text) => stream.write(text), isTTY: stream.isTTY, columns: stream.columns };
}

function dieOfBug(thrown: unknown): void {
  process.stderr.write(renderError(asPredawnError(thrown), { colors: false, debug: true }));
  // Threads get 300 ms to come out of onnxruntime, while this one hands them nothing more to do: to be ended inside it
  // aborts the process, with another exit code.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
  process.exit(INTERNAL_ERROR);
}
