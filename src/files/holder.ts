import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** Who holds a lock, as the lock file says. */
export interface Holder {
  readonly pid: number;
  readonly host: string;
  /**
   * What process ids are unique in: this boot of this machine, this container. Two containers may share a host
   * name and yet not see each other's processes.
   */
  readonly machine: string;
  /** When the process started, in the kernel's clock ticks; undefined where the system does not tell. */
  readonly processStart: string | undefined;
  readonly attemptId: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

export async function describeThisProcess(): Promise<
  Pick<Holder, 'pid' | 'host' | 'machine' | 'processStart'>
> {
  const [boot, namespace] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    readlink('/proc/self/ns/pid').catch(() => ''),
  ]);
  return {
    pid: process.pid,
    host: hostname(),
    machine: [hostname(), boot.trim(), namespace].join(' '),
    processStart: (await processStat(process.pid))?.[START],
  };
}

/** Whether a process of this machine is the one that took the lock: its id may have gone to another since. */
export async function isAlive(holder: Holder): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    // Not allowed to signal it: it exists.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const stat = await processStat(holder.pid);
  if (stat !== undefined && isDead(stat)) return false;
  const start = stat?.[START];
  return start === undefined || holder.processStart === undefined || start === holder.processStart;
}

/** Fields 3, 20 and 22 of /proc/<pid>/stat, as `processStat` counts them. */
const STATE = 0;
const THREADS = 17;
const START = 19;

/** From the third field on: the second one, in parentheses, may itself hold blanks and parentheses. */
async function processStat(pid: number): Promise<readonly string[] | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/**
 * Killed, and only kept in the table of processes because its parent has not asked for its exit code: for ever, in
 * a container whose first process never does. One that has threads left may still be writing.
 */
function isDead(stat: readonly string[]): boolean {
  return ['Z', 'X'].includes(stat[STATE]!) && Number(stat[THREADS]) <= 1;
}
