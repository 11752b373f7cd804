import { readdirSync, readFileSync } from 'node:fs';

/** What Linux counts in for programs (USER_HZ), on every architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/**
 * CPU seconds that a process, its living children and those it has waited for took so far; undefined where the system
 * has no /proc. For a PostgreSQL server, whose processes are all its postmaster's children, that is all of it.
 */
export function familySeconds(pid: number): number | undefined {
  const parent = readTimes(pid);
  if (parent === undefined) return undefined;
  let ticks = parent.own + parent.waitedFor;
  for (const name of readdirSync('/proc')) {
    const child = /^\d+$/.test(name) ? readTimes(Number(name)) : undefined;
    if (child?.parent === pid) ticks += child.own;
  }
  return ticks / TICKS_PER_SECOND;
}

function readTimes(pid: number): { parent: number; own: number; waitedFor: number } | undefined {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The second field, the program's name in parentheses, may hold anything. Then: state, parent, … (proc_pid_stat(5)).
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15) as [
    number,
    number,
    number,
    number,
  ];
  return { parent: fields[1]!, own: user + system, waitedFor: childrenUser + childrenSystem };
}
