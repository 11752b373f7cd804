import { constants } from 'node:fs';
import { copyFile, link, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PredawnError } from '../domain/errors.js';
import { ensureFolder, FILE_MODE, isCode, NO_HARD_LINKS } from './disk.js';
import { describeThisProcess, type Holder, isAlive } from './holder.js';

/** A lock of another machine is held as long as its file was touched within this time. */
const HEARTBEAT_LIMIT_MS = 60_000;
const HEARTBEAT_MS = 10_000;
/** Rounds in which another contender was quicker, before this one calls the lock held. */
const MAX_ROUNDS = 20;

/** Half a lock file: left by a power cut, or being written. As stale as its heartbeat, then. */
const UNREADABLE: Holder = {
  pid: 0,
  host: 'an unknown host',
  machine: '',
  processStart: undefined,
  attemptId: 'unknown',
  since: 'unknown',
};

export interface LockRequest {
  readonly folder: string;
  readonly job: string;
  readonly asOf: string;
  readonly attemptId: string;
  readonly now: () => Date;
}

export interface FileLock {
  /** Throws kind `unavailable`, code `lock.lost`, unless the lock is still this holder's. */
  verify(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the exclusive lock of (job, as_of) without waiting. Held: kind `unavailable`, code `lock.held`, naming the
 * holder. The lock of a process that is gone is taken over at once; that of another machine when it has not been
 * touched for a minute.
 */
export async function takeLock(request: LockRequest): Promise<FileLock> {
  await ensureFolder(request.folder);
  const path = join(request.folder, `${request.asOf}.lock`);
  const mine: Holder = {
    ...(await describeThisProcess()),
    attemptId: request.attemptId,
    since: request.now().toISOString(),
  };
  const prepared = join(request.folder, `.${request.asOf}.${request.attemptId}.new`);
  // Written whole before it gets the lock's name: nobody reads half a holder.
  await writeFile(prepared, JSON.stringify(mine), { mode: FILE_MODE, flag: 'wx' });
  try {
    let holder: Holder | undefined;
    for (let round = 0; round < MAX_ROUNDS; round++) {
      if (await tryLink(prepared, path)) return await held(path, request);
      holder = await readHolder(path);
      if (holder === undefined) continue;
      if (!(await isStale(path, holder, mine, request.now()))) throw lockHeld(request, holder);
      await removeStale(path, holder, request);
    }
    throw lockHeld(request, holder);
  } finally {
    await rm(prepared, { force: true });
  }
}

async function tryLink(prepared: string, path: string): Promise<boolean> {
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
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    if (error instanceof SyntaxError) return UNREADABLE;
    throw error;
  }
}

async function isStale(path: string, holder: Holder, mine: Holder, now: Date): Promise<boolean> {
  if (holder.machine === mine.machine) return !(await isAlive(holder));
  const touched = await stat(path).catch(() => undefined);
  return touched !== undefined && now.getTime() - touched.mtimeMs > HEARTBEAT_LIMIT_MS;
}

/**
 * Takes a stale lock out of the way. Another contender may have done so already and hold the lock by now: what was
 * moved is looked at again, and put back if it is not the stale one.
 */
async function removeStale(path: string, stale: Holder, request: LockRequest): Promise<void> {
  const moved = join(request.folder, `.${request.asOf}.${request.attemptId}.stale`);
  try {
    await rename(path, moved);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return;
    throw error;
  }
  const found = await readHolder(moved);
  if (found?.attemptId !== stale.attemptId || found.since !== stale.since) await tryLink(moved, path);
  await rm(moved, { force: true });
}

/** The handle stays open, so that the lock's inode number stays taken: it is what tells this lock from a later one. */
async function held(path: string, request: LockRequest): Promise<FileLock> {
  const handle = await open(path, constants.O_RDWR);
  const { ino, dev } = await handle.stat();
  const heartbeat = setInterval(() => {
    const now = request.now();
    handle.utimes(now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();

  const isMine = async (): Promise<boolean> => {
    // A contender that mistook the lock for a stale one puts it back within a moment.
    for (let tries = 0; tries < 5; tries++) {
      const found = await stat(path).catch(() => undefined);
      if (found !== undefined) return found.ino === ino && found.dev === dev;
      await setTimeout(20);
    }
    return false;
  };
  return {
    async verify() {
      if (await isMine()) return;
      throw new PredawnError(
        'unavailable',
        'lock.lost',
        `${subject(request)} lost its lock to another run.`,
        {
          hint: 'Nothing was published by this run. See `predawn runs` for the other one.',
        },
      );
    },
    async release() {
      clearInterval(heartbeat);
      if (await isMine()) await rm(path, { force: true });
      await handle.close();
    },
  };
}

function lockHeld(request: LockRequest, holder: Holder | undefined): PredawnError {
  const by =
    holder === undefined
      ? 'another run'
      : `attempt ${holder.attemptId} (process ${holder.pid} on ${holder.host}, since ${holder.since})`;
  return new PredawnError('unavailable', 'lock.held', `${subject(request)} is being run by ${by}.`, {
    hint: 'Wait for it to end, then run again if it failed.',
  });
}

function subject({ job, asOf }: LockRequest): string {
  return `${job} for ${asOf}`;
}
