import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one process took from start to exit. */
export interface Measured {
  /** Seconds. */
  readonly wall: number;
  /** User and system seconds of the process and its children. */
  readonly cpu: number;
  /** Bytes; undefined where the system has no /proc. */
  readonly peakMemory: number | undefined;
  readonly stdout: string;
}

export interface Launch {
  readonly cwd: string;
  readonly env?: Record<string, string>;
}

/**
 * Names the process, waits for it, and says what the shell's children took: POSIX `times` is exact to 10 ms and asks
 * nothing of the program that is measured.
 */
const SCRIPT = '"$@" 3>&- & echo $! >&3; wait $!; code=$?; times >&3; exit $code';
const PEAK_INTERVAL_MILLISECONDS = 20;

/**
 * Runs a program to its end. Peak memory is the kernel's own high-water mark (VmHWM) of the process, read every
 * 20 ms: the mark only rises, so no more is missed than what the last 20 ms added.
 *
 * @throws Error with the end of its output where it does not exit with 0
 */
export function measure(program: string, args: readonly string[], { cwd, env }: Launch): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const shell = spawn('/bin/sh', ['-c', SCRIPT, 'sh', program, ...args], {
      cwd,
      // Which would have Node read a machine's certificates at every start: 0.09 s for those of Debian.
      env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, ...env },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    const texts = { stdout: '', stderr: '', facts: '' };
    for (const [index, name] of (['stdout', 'stderr', 'facts'] as const).entries()) {
      shell.stdio[index + 1]!.on('data', (bytes: Buffer) => (texts[name] += bytes.toString()));
    }
    let peakMemory: number | undefined;
    const watch = setInterval(() => {
      peakMemory = highWaterMark(texts.facts) ?? peakMemory;
    }, PEAK_INTERVAL_MILLISECONDS);
    shell.on('error', reject);
    shell.on('close', (code) => {
      clearInterval(watch);
      const wall = (performance.now() - start) / 1000;
      if (code === 0) resolve({ wall, cpu: childrenSeconds(texts.facts), peakMemory, stdout: texts.stdout });
      else
        reject(
          new Error(
            `${program} ${args.join(' ')} exited with ${code}:\n${(texts.stdout + texts.stderr).slice(-3000)}`,
          ),
        );
    });
  });
}

function highWaterMark(facts: string): number | undefined {
  const pid = /^\d+/.exec(facts)?.[0];
  if (pid === undefined) return undefined;
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** The second line that `times` writes: `0m1.250s 0m0.300s`, user and system. */
function childrenSeconds(facts: string): number {
  const times = [...facts.matchAll(/(\d+)m([\d.]+)s/g)].map((time) => Number(time[1]) * 60 + Number(time[2]));
  return (times[2] ?? NaN) + (times[3] ?? NaN);
}
