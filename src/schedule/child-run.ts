import { spawn } from 'node:child_process';

/** What starts this very program once more, and what it finds there. */
export interface Program {
  /** Node.js with its options, and the entry file. */
  readonly command: readonly string[];
  readonly cwd: string;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** How a child ended. */
export interface ChildEnd {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it printed with `--json`; undefined where that is no JSON. */
  readonly result: unknown;
  /** The last it wrote to stderr that is no log line. */
  readonly lastWords: string;
}

/** A command of this program in a process of its own: whatever kills it leaves the caller alone. */
export interface ChildRun {
  readonly pid: number | undefined;
  /** Never rejects. */
  readonly ended: Promise<ChildEnd>;
  /** Asks it to stop between two steps. */
  stop(): void;
}

const MOST_LAST_WORDS = 4_000;

/** Starts a command with `--json`. `onLog` is given every log line that it writes. */
export function startChild(
  program: Program,
  args: readonly string[],
  onLog: (line: string) => void = () => undefined,
): ChildRun {
  const [executable, ...rest] = program.command;
  const child = spawn(executable!, [...rest, ...args, '--json'], {
    cwd: program.cwd,
    env: { ...program.variables, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A Ctrl-C on the terminal is ours to pass on: a second signal would end the child at once.
    detached: true,
  });
  let stdout = '';
  let lastWords = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const lines = byLine((line) => {
    if (line.startsWith('{')) onLog(line);
    else lastWords = `${lastWords}${line}\n`.slice(-MOST_LAST_WORDS);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    lines.push(text);
  });
  const ended = new Promise<ChildEnd>((resolve) => {
    child.once('error', (error) => {
      resolve({ code: null, signal: null, result: undefined, lastWords: error.message });
    });
    child.once('close', (code, signal) => {
      lines.end();
      resolve({ code, signal, result: parseJson(stdout), lastWords: lastWords.trim() });
    });
  });
  return { pid: child.pid, ended, stop: () => void child.kill('SIGTERM') };
}

function byLine(onLine: (line: string) => void) {
  let rest = '';
  return {
    push(text: string): void {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      lines.forEach(onLine);
    },
    end(): void {
      if (rest !== '') onLine(rest);
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
