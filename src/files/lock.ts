import { constants } from 'node:fs';
import { open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { PredawnError } from '../domain/errors.js';
import { ensureFolder, FILE_MODE } from './disk.js';
import { describeThisProcess, type Holder } from './holder.js';
import { claim, type Contender, isStale, readHolder, takeOver } from './lock-file.js';

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
 * touched for a minute.
 */
export async function takeLock(request: LockRequest): Promise<FileLock> {
  const { folder, asOf, attemptId, now } = request;
  await ensureFolder(folder);
  const path = join(folder, `${asOf}.lock`);
  const prepared = join(folder, `.${attemptId}.new`);
  const holder = { ...(await describeThisProcess()), attemptId, since: now().toISOString() };
  // Written whole before it gets the lock's name: nobody reads half a holder.
  await writeFile(prepared, JSON.stringify(holder), { mode: FILE_MODE, flag: 'wx' });
  try {
    await contend(path, { prepared, holder, now }, request);
    return await held(path, request);
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
    if (!(await isStale(path, holder, contender))) throw lockHeld(request, holder);
    if (await takeOver(path, holder, contender)) return;
    // Whoever is taking it over needs a moment.
    await setTimeout(5);
  }
  throw lockHeld(request, holder);
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
