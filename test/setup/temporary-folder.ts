import { readFileSync, statfsSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { freemem, tmpdir } from 'node:os';
import path from 'node:path';

const MEMORY = '/dev/shm';
/** Bytes, free both there and in the machine. */
const ENOUGH = 8 * 2 ** 30;

/**
 * Gives the suite a folder for all that it writes, and removes it with whatever killed processes left there. It is in
 * memory where there is room: the suite makes hundreds of databases, to throw them away.
 */
export async function setup(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(hasRoomInMemory() ? MEMORY : tmpdir(), 'predawn-suite-'));
  // PostgreSQL, which root may not be, must find its own folder in it.
  await chmod(folder, 0o711);
  process.env['TMPDIR'] = folder;
  process.env['PREDAWN_TEST_TEMPLATES'] = path.join(folder, 'templates');
  return () => rm(folder, { recursive: true, force: true });
}

function hasRoomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .find(([, place]) => place === MEMORY);
    // Programs must run there, too.
    const hasPrograms = mount?.[3]?.split(',').includes('noexec') === false;
    return hasPrograms && bavail * bsize >= ENOUGH && freemem() >= ENOUGH;
  } catch {
    return false;
  }
}
