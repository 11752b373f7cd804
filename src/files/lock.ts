import { constants } from 'node:fs';
import { open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PredawnError } from '../domain/errors.js';
import { ensureFolder, FILE_MODE, isCode, isSystemError, onDisk } from './disk.js';
import { describeThisProcess, type Holder } from './holder.js';
import {
  claim,
  type Contender,
  isStale,
  preparedLock,
  readHolder,
  removeDeadContenders,
  takeOver,
  UNREADABLE,
} from './lock-file.js';

const HEARTBEAT_MS = 10_000;
/** Rounds in which the lock was free or stale, yet another contender quicker, before it is called held. */
const MAX_ROUNDS = 20;

export interface LockRequest {
  readonly folder: string;
  readonly job: string;
  readonly asOf: string;
  /** Of this request alone. */
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
 * touched for a minute. Code `lock.lost`, where another run has taken it from this one meanwhile.
 */
export async function takeLock(request: LockRequest): Promise<FileLock> {
  const { folder, asOf, attemptId, now } = request;
  await ensureFolder(folder);
  const path = join(folder, `${asOf}.lock`);
  const prepared = preparedLock(folder, attemptId);
  const holder = { ...(await describeThisProcess()), attemptId, since: now().toISOString() };
  const contender = { prepared, holder, now };
  try {
    // Written whole before it gets the lock's name: nobody reads half a holder.
    await writeFile(prepared, JSON.stringify(holder), { mode: FILE_MODE, flag: 'wx' });
    await contend(path, contender, request);
    const lock = await held(path, request);
    // Litter does no harm.
    await removeDeadContenders(folder, contender).catch(() => undefined);
    return lock;
  } catch (error) {
    // This process slept so long that it was taken for dead.
    throw isCode(error, 'ENOENT') ? lockLost(request, error) : error;
  } finally {
    await rm(prepared, { force: true });
  }
}

async function contend(path: string, contender: Contender, request: LockRequest): Promise<void> {
  let holder: Holder | undefined;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    if (await claim(contender.prepared, path)) return;
    holder = await readHolder(path);
    if (holder === undefined) continue;
    if (!(await isStale(path, holder, contender))) throw lockHeld(request, path, holder);
    if (await takeOver(path, holder, contender)) return;
    // Whoever is taking it over needs a moment.
    await setTimeout(5);
  }
  throw lockHeld(request, path, holder);
}

/** The handle stays open, so that the inode number stays taken: it is what tells this lock from a later one. */
async function held(path: string, request: LockRequest): Promise<FileLock> {
  const handle = await open(path, constants.O_RDWR);
  const { ino, dev } = await handle.stat();
  const heartbeat = setInterval(() => {
    const now = request.now();
    handle.utimes(now, now).catch(() => undefined);
  }, HEARTBEAT_MS);
  heartbeat.unref();

  const isMine = async (): Promise<boolean> => {
    const found = await stat(path).catch(() => undefined);
    return found?.ino === ino && found.dev === dev;
  };
  return {
    async verify() {
      if (await isMine()) return;
      throw lockLost(request);
    },
    async release() {
      clearInterval(heartbeat);
      if (await isMine()) await rm(path, { force: true });
      await handle.close();
    },
  };
}

/** Runs disk work of a lock's holder. A newer holder clears away what it needs: then the lock is what was lost. */
export async function onDiskLocked<T>(root: string, lock: FileLock, work: () => Promise<T>): Promise<T> {
  try {
    return await onDisk(root, work);
  } catch (error) {
    if (isSystemError(error)) await lock.verify();
    throw error;
  }
}

function lockLost(request: LockRequest, cause?: unknown): PredawnError {
  return new PredawnError('unavailable', 'lock.lost', `${subject(request)} lost its lock to another run.`, {
    hint: 'Nothing was published by this run. See `predawn runs` for the other one.',
    cause,
  });
}

function lockHeld(request: LockRequest, path: string, holder: Holder | undefined): PredawnError {
  if (holder === UNREADABLE) {
    return new PredawnError(
      'unavailable',
      'lock.held',
      `${subject(request)} is locked, and who holds it is not known: ${path} can't be read.`,
      {
        hint: 'Run again in a minute: it is taken over then, if no run holds it. Or remove it, if none is going on.',
      },
    );
  }
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
