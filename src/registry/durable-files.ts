import { link, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { describeError, PredawnError } from '../domain/errors.js';

/** Whatever the umask: what models predict is nobody's to change but the owner's and the group's. */
export const FOLDER_MODE = 0o775;

/** Makes entries of a folder (files made, renamed or removed in it) survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder with those above it, and has each new one survive a power cut. */
export async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Writes a new file that nobody may change, and waits until it is on disk. Throws EEXIST where there is one. */
export async function writeReadOnly(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o444);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes `path` appear with all its bytes or not at all; false where it exists already. `temporary` is beside it. */
export async function createWhole(path: string, temporary: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await writeReadOnly(temporary, bytes);
    await link(temporary, path);
  } catch (thrown) {
    if (errorCode(thrown) === 'EEXIST') return false;
    throw thrown;
  } finally {
    await rm(temporary, { force: true });
  }
  await syncFolder(dirname(path));
  return true;
}

/** Names in a folder; none where it does not exist. */
export async function listFolder(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return [];
    throw thrown;
  }
}

/** Numbers that entries of a folder have for names, ascending. `suffix` follows the number. */
export async function listNumbers(folder: string, suffix = ''): Promise<number[]> {
  const pattern = new RegExp(`^[0-9]+${suffix.replace('.', '\\.')}$`);
  const names = (await listFolder(folder)).filter((name) => pattern.test(name));
  return names.map((name) => Number.parseInt(name, 10)).sort((a, b) => a - b);
}

/** The `code` of a Node system error, such as `ENOENT`. */
export function errorCode(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
}

const FULL = new Set(['ENOSPC', 'EDQUOT']);
const FORBIDDEN = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR']);

/** Runs `work`; a full disk becomes kind `unavailable`, missing rights kind `configuration`. */
export async function withFileErrors<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    const code = errorCode(thrown) ?? '';
    const message = `The registry ${folder} can't be used: ${describeError(thrown)}`;
    if (FULL.has(code)) {
      const hint = 'Free space on that disk; nothing in the registry was changed.';
      throw new PredawnError('unavailable', 'registry.disk_full', message, { hint, cause: thrown });
    }
    if (FORBIDDEN.has(code)) {
      const hint =
        'Give the user that predawn runs as read and write access, or name another registry in predawn.yaml.';
      throw new PredawnError('configuration', 'registry.access', message, { hint, cause: thrown });
    }
    throw thrown;
  }
}
