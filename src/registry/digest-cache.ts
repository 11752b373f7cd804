import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DigestCache } from '../domain/digest-cache.js';
import { sha256 as digestOf } from '../domain/sealed-record.js';
import { listFolder } from './durable-files.js';
import { readShared } from './shared-file.js';

const UNFINISHED = '.writing-';
const DAY = 24 * 60 * 60 * 1000;

/**
 * A cache in a folder, which may be deleted at any time: `<folder>/<sha256>`. Files appear whole, by a rename, and are
 * checked each time they are read; one that is not what its name says is replaced by the next write.
 */
export function openDigestCache(folder: string): DigestCache {
  return {
    async read(sha256) {
      try {
        const bytes = await readShared(join(folder, sha256));
        return digestOf(bytes) === sha256 ? bytes : undefined;
      } catch {
        return undefined;
      }
    },
    async write(sha256, bytes) {
      const unfinished = join(folder, `${UNFINISHED}${randomUUID()}`);
      try {
        await mkdir(folder, { recursive: true, mode: 0o700 });
        await writeFile(unfinished, bytes, { flag: 'wx', mode: 0o600 });
        await removeAbandoned(folder, (await stat(unfinished)).mtimeMs);
        await rename(unfinished, join(folder, sha256));
      } catch {
        // Read-only containers, full disks: what was fetched is used all the same.
        await rm(unfinished, { force: true }).catch(() => undefined);
      }
    },
  };
}

/** What killed processes left, a day after by the file system's own clock. */
async function removeAbandoned(folder: string, now: number): Promise<void> {
  for (const name of await listFolder(folder)) {
    if (!name.startsWith(UNFINISHED)) continue;
    const found = await stat(join(folder, name)).catch(() => undefined);
    if (found !== undefined && now - found.mtimeMs > DAY) await rm(join(folder, name), { force: true });
  }
}
