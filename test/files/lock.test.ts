import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 } from 'uuid';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PredawnError } from '../../src/domain/errors.js';
import { type FileLock, type LockRequest, takeLock } from '../../src/files/lock.js';
import { type RunningChild, startChild } from './children/start.js';

const DAY = '2026-11-20';
let folder: string;
let children: RunningChild[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predawn-lock-'));
  children = [];
});
afterEach(async () => {
  for (const child of children) child.process.kill('SIGKILL');
  await Promise.all(children.map(({ ended }) => ended));
  await rm(folder, { recursive: true, force: true });
});

describe('a lock between processes', () => {
  test('is held by a living process, which is named, and free when it was killed', async () => {
    const child = holdInChild();
    expect(await child.line()).toBe('locked');
    const locks = join(folder, '_predawn', 'churn', 'locks');
    const held = take({ folder: locks });
    await expect(held).rejects.toMatchObject({ kind: 'unavailable', code: 'lock.held' });
    await expect(held).rejects.toThrow(`process ${child.process.pid!} on `);
    child.process.kill('SIGKILL');
    await child.ended;
    await (await take({ folder: locks })).release();
    expect(await readdir(locks)).toEqual([]);
  });

  test('goes to one of several processes that find it left behind', async () => {
    const first = holdInChild();
    expect(await first.line()).toBe('locked');
    first.process.kill('SIGKILL');
    await first.ended;
    const contenders = [holdInChild(), holdInChild(), holdInChild()];
    const lines = await Promise.all(contenders.map((child) => child.line()));
    expect(lines.sort()).toEqual(['lock.held', 'lock.held', 'locked']);
  });
});

describe('a lock that was left behind', () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])('goes to exactly one of twelve contenders, round %i', async () => {
    await leaveLock({ processStart: '1' });
    const outcomes = await Promise.allSettled(Array.from({ length: 12 }, () => take()));
    const locks = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    expect(locks).toHaveLength(1);
    await locks[0]!.verify();
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'lock.held' });
    }
    await locks[0]!.release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('by a process whose id another process has now is taken over', async () => {
    await leaveLock({ processStart: '1' });
    await (await take()).release();
  });

  test('is taken over also where a process was killed while it did so', async () => {
    await leaveLock({ processStart: '1', attemptId: 'first' });
    const first = JSON.parse(await readFile(lockFile(), 'utf8')) as Record<string, unknown>;
    const right = (of: string, taker: string) =>
      writeFile(join(folder, `.${of}.right`), JSON.stringify({ ...first, attemptId: taker }));
    await right('first', 'second');
    await right('second', 'third');
    await (await take()).release();
    expect(await readdir(folder)).toEqual([]);
  });

  test('is held while a living process takes it over', async () => {
    await leaveLock({ processStart: '1', attemptId: 'first' });
    const living = await take({ asOf: '2026-11-21' });
    await rename(join(folder, '2026-11-21.lock'), join(folder, '.first.right'));
    await expect(take()).rejects.toMatchObject({ code: 'lock.held' });
    await living.release();
  });

  test('by another machine is held until it was not touched for a minute', async () => {
    await leaveLock({ machine: 'another machine', host: 'elsewhere' });
    await expect(take()).rejects.toThrow(/on elsewhere/);
    const touched = new Date('2026-11-21T06:00:00Z');
    await utimes(lockFile(), touched, touched);
    const after = (seconds: number) => () => new Date(touched.getTime() + seconds * 1000);
    await expect(take({ now: after(59) })).rejects.toMatchObject({ code: 'lock.held' });
    await (await take({ now: after(61) })).release();
  });

  test('half written is held until it was not touched for a minute', async () => {
    await writeFile(lockFile(), '{"pid": 12');
    await expect(take()).rejects.toMatchObject({ code: 'lock.held' });
    await (await take({ now: () => new Date(Date.now() + 61_000) })).release();
  });
});

test.each(['', 'null', '{}', '[]', '{"pid": 12'])('a lock file that holds %j is named', async (text) => {
  await writeFile(lockFile(), text);
  const error: unknown = await take().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ kind: 'unavailable', code: 'lock.held' });
  expect((error as PredawnError).message).toContain(`${lockFile()} can't be read`);
  expect((error as PredawnError).hint).toContain('remove it');
  await (await take({ now: () => new Date(Date.now() + 61_000) })).release();
});

test.skipIf(!existsSync('/proc/self/stat'))('a killed holder that nobody waits for is gone', async () => {
  // A shell would ask for its child's exit code; what it turns into does not.
  const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 61'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(String(line));
    const command = () => readFile(`/proc/${parent.pid!}/cmdline`, 'utf8');
    const stat = () => readFile(`/proc/${pid}/stat`, 'utf8');
    await expect.poll(command, { timeout: 10_000 }).toBe('sleep\x0061\0');
    process.kill(pid, 'SIGKILL');
    await expect.poll(stat, { timeout: 10_000 }).toMatch(/\) Z /);
    await leaveLock({ pid, processStart: (await stat()).split(') ')[1]!.split(' ')[19] });
    await (await take()).release();
  } finally {
    parent.kill('SIGKILL');
    await once(parent, 'exit');
  }
});

describe('what contenders leave in the folder', () => {
  test('is cleared away when they are dead, and kept while they live', async () => {
    await leaveLock({ processStart: '1' });
    const dead = join(folder, `.${v7()}.new`);
    await rename(lockFile(), dead);
    await leaveLock({});
    const living = `.${v7()}.new`;
    await rename(lockFile(), join(folder, living));
    await (await take()).release();
    expect(await readdir(folder)).toEqual([living]);
  });
});

test('a contender whose file is gone when it wakes up has lost the lock', async () => {
  const attemptId = v7();
  // Asked for the time, it is at the point of trying a lock that another machine holds.
  await leaveLock({ machine: 'another machine' });
  const touched = new Date('2026-11-21T06:00:00Z');
  await utimes(lockFile(), touched, touched);
  let asked = 0;
  const now = (): Date => {
    if (++asked === 2) rmSync(join(folder, `.${attemptId}.new`));
    return new Date();
  };
  await expect(take({ attemptId, now })).rejects.toMatchObject({ kind: 'unavailable', code: 'lock.lost' });
});

describe('a lock that is held', () => {
  test('says who holds it', async () => {
    const lock = await take();
    const holder = JSON.parse(await readFile(lockFile(), 'utf8')) as Record<string, unknown>;
    expect(holder).toMatchObject({ pid: process.pid });
    await expect(take()).rejects.toThrow(String(holder.attemptId));
    await lock.verify();
    await lock.release();
  });

  test('is lost when another one is in its place, and does not release that one', async () => {
    const lost = await take();
    await rm(lockFile());
    const newer = await take();
    await expect(lost.verify()).rejects.toMatchObject({ kind: 'unavailable', code: 'lock.lost' });
    await lost.release();
    await newer.verify();
    await newer.release();
  });

  test('is lost when it is gone', async () => {
    const lost = await take();
    await rm(lockFile());
    await expect(lost.verify()).rejects.toMatchObject({ code: 'lock.lost' });
    await lost.release();
  });
});

function take(over: Partial<LockRequest> = {}): Promise<FileLock> {
  return takeLock({ folder, job: 'churn', asOf: DAY, attemptId: v7(), now: () => new Date(), ...over });
}

function lockFile(): string {
  return join(folder, `${DAY}.lock`);
}

/** A lock of this process, as changed. */
async function leaveLock(change: Record<string, unknown>): Promise<void> {
  const lock = await take();
  const holder = JSON.parse(await readFile(lockFile(), 'utf8')) as Record<string, unknown>;
  await lock.release();
  await writeFile(lockFile(), JSON.stringify({ ...holder, ...change }));
}

function holdInChild(): RunningChild {
  const child = startChild({ root: folder, asOf: DAY, id: v7(), rows: 1, end: 'held' });
  children.push(child);
  return child;
}
