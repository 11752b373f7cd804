import { constants } from 'node:fs';
import { copyFile, link, readdir, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isCode, NO_HARD_LINKS } from './disk.js';
import { type Holder, isAlive } from './holder.js';

/** A lock of another machine is held as long as its file was touched within this time. */
const HEARTBEAT_LIMIT_MS = 60_000;

/** No lock file of ours: half of one, left by a power cut or being written. As stale as its heartbeat, then. */
export const UNREADABLE: Holder = {
  pid: 0,
  host: 'an unknown host',
  machine: '',
  processStart: undefined,
  attemptId: 'unknown',
  since: 'unknown',
};

/** Who wants a lock: a file that says so, written whole, and what it says. */
export interface Contender {
  readonly prepared: string;
  readonly holder: Holder;
  readonly now: () => Date;
}

/** Gives a contender's file a second name, unless that is taken. */
export async function claim(prepared: string, path: string): Promise<boolean> {
  try {
    await link(prepared, path);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    if (!isCode(error, ...NO_HARD_LINKS)) throw error;
    return copyExclusively(prepared, path);
  }
}

/** For file systems without hard links: there is a moment in which the holder is not written yet. */
async function copyExclusively(prepared: string, path: string): Promise<boolean> {
  try {
    await copyFile(prepared, path, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Undefined where the lock is free by now. */
export async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isHolder(value) ? value : UNREADABLE;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    if (error instanceof SyntaxError) return UNREADABLE;
    throw error;
  }
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { pid, processStart, ...texts } = value as Partial<Holder>;
  return (
    Number.isInteger(pid) &&
    pid! > 0 &&
    (processStart === undefined || typeof processStart === 'string') &&
    [texts.host, texts.machine, texts.attemptId, texts.since].every((text) => typeof text === 'string')
  );
}

/** Where a contender prepares its lock file. */
export function preparedLock(folder: string, attemptId: string): string {
  return join(folder, `.${attemptId}.new`);
}

/** Removes what contenders prepared that were killed before they could. */
export async function removeDeadContenders(folder: string, contender: Contender): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!/^\..+\.new$/.test(name)) continue;
    const path = join(folder, name);
    const holder = await readHolder(path);
    if (holder !== undefined && (await isStale(path, holder, contender))) await rm(path, { force: true });
  }
}

/** Whether the process that took the lock is gone; of another machine: has not touched it for a minute. */
export async function isStale(path: string, holder: Holder, contender: Contender): Promise<boolean> {
  if (holder.machine === contender.holder.machine) return !(await isAlive(holder));
  const touched = await stat(path).catch(() => undefined);
  return touched !== undefined && contender.now().getTime() - touched.mtimeMs > HEARTBEAT_LIMIT_MS;
}

/**
 * Puts the contender's file in the place of a stale one. False, where another contender is doing so or has done so.
 *
 * Only who holds the right to a holder's lock may remove it, so that what is removed cannot be a lock that was taken
 * meanwhile. That right is a lock file too, named for the holder. Who took it may have been killed in turn: then
 * there is a right to that one's lock, and so on.
 */
export async function takeOver(path: string, stale: Holder, contender: Contender): Promise<boolean> {
  const right = join(dirname(path), `.${stale.attemptId}.right`);
  if (!(await claim(contender.prepared, right))) {
    const other = await readHolder(right);
    if (other === undefined || !(await isStale(right, other, contender))) return false;
    if (!(await takeOver(right, other, contender))) return false;
  }
  try {
    const holder = await readHolder(path);
    if (holder?.attemptId !== stale.attemptId || !(await isStale(path, holder, contender))) return false;
    await rm(path);
    return await claim(contender.prepared, path);
  } finally {
    await rm(right, { force: true });
  }
}
