import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PredawnError } from '../domain/errors.js';
import type { AddedVersion, Artefact, Candidate, Manifest, StoredVersion } from '../domain/registry.js';
import { damaged } from '../domain/registry-errors.js';
import { recordBytes } from '../domain/registry-records.js';
import {
  checkedArtefact,
  filesOf,
  manifestFor,
  sameVersion,
  versionsOfModel,
} from '../domain/registry-versions.js';
import {
  errorCode,
  FOLDER_MODE,
  listFolder,
  listNumbers,
  makeFolder,
  syncFolder,
  writeReadOnly,
} from './durable-files.js';
import { readManifest } from './records.js';
import { readShared } from './shared-file.js';

const MANIFEST = 'manifest.json';
const UNFINISHED = '.adding-';
const DAY = 24 * 60 * 60 * 1000;

/** What `addVersion` has just done; for tests that stop a process there. */
export type AddStep = 'files written' | 'manifest written' | 'version visible';

/** All versions in a model's folder, ascending, damaged ones as such. */
export async function readVersions(folder: string): Promise<StoredVersion[]> {
  const versions: StoredVersion[] = [];
  for (const version of await listNumbers(folder)) {
    try {
      versions.push({ version, manifest: await readVersion(folder, version), problem: undefined });
    } catch (thrown) {
      if (!(thrown instanceof PredawnError)) throw thrown;
      versions.push({ version, manifest: undefined, problem: thrown });
    }
  }
  return versions;
}

/** One version's manifest; throws kind `artefact`, code `registry.damaged`, where it is not of that version. */
export async function readVersion(folder: string, version: number): Promise<Manifest> {
  const path = join(folder, String(version), MANIFEST);
  const manifest = await readManifest(path);
  if (manifest.version !== version) throw damaged(path, `it is of version ${manifest.version}`);
  return manifest;
}

/**
 * Writes a candidate as the next version of the model in `folder`, unless a version is the same (`sameVersion`). The
 * version is built beside the others and renamed to its number, which fails where another process has taken that number:
 * then the versions are read again. Numbers up to `highestNamed` were live once: none is given to other bytes, though
 * its version be gone.
 */
export async function addVersion(
  folder: string,
  name: string,
  candidate: Candidate,
  highestNamed: () => Promise<number>,
  onStep: (step: AddStep) => void | Promise<void>,
): Promise<AddedVersion> {
  const known = sameVersion(await readVersions(folder), candidate);
  if (known !== undefined) return { manifest: known, created: false, sameModel: undefined };

  await makeFolder(folder);
  const building = join(folder, `${UNFINISHED}${randomUUID()}`);
  await mkdir(building, FOLDER_MODE);
  try {
    await removeAbandoned(folder, building);
    for (const [file, bytes] of filesOf(candidate)) await writeReadOnly(join(building, file), bytes);
    await onStep('files written');
    for (;;) {
      const versions = await readVersions(folder);
      const same = sameVersion(versions, candidate);
      if (same !== undefined) return { manifest: same, created: false, sameModel: undefined };
      const highest = Math.max(versions.at(-1)?.version ?? 0, await highestNamed());
      const manifest = manifestFor(name, highest + 1, candidate);
      await rm(join(building, MANIFEST), { force: true });
      await writeReadOnly(join(building, MANIFEST), recordBytes(manifest));
      await syncFolder(building);
      await onStep('manifest written');
      if (!(await renameToNew(building, join(folder, String(manifest.version))))) continue;
      await onStep('version visible');
      await syncFolder(folder);
      return {
        ...{ manifest, created: true },
        sameModel: versionsOfModel(versions, candidate).at(-1)?.version,
      };
    }
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

async function renameToNew(building: string, version: string): Promise<boolean> {
  try {
    await rename(building, version);
    return true;
  } catch (thrown) {
    if (['ENOTEMPTY', 'EEXIST'].includes(errorCode(thrown) ?? '')) return false;
    throw thrown;
  }
}

/** Removes what killed processes left. By the file system's own clock, and old enough to be nobody's. */
async function removeAbandoned(folder: string, building: string): Promise<void> {
  const now = (await stat(building)).mtimeMs;
  for (const name of await listFolder(folder)) {
    const path = join(folder, name);
    if (!name.startsWith(UNFINISHED) || path === building) continue;
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && now - found.mtimeMs > DAY) await rm(path, { recursive: true, force: true });
  }
}

/** Reads a version's files and checks those very bytes; throws as `checkedArtefact` does. */
export async function loadVersion(folder: string, version: number): Promise<Artefact> {
  const manifest = await readVersion(folder, version);
  const where = (file: string) => join(folder, String(version), file);
  const files = new Map<string, Uint8Array<SharedArrayBuffer>>();
  for (const file of Object.keys(manifest.files)) files.set(file, await readFile(where(file)));
  return checkedArtefact(manifest, files, where);
}

async function readFile(path: string): Promise<Uint8Array<SharedArrayBuffer>> {
  return readShared(path).catch((thrown: unknown) => {
    throw errorCode(thrown) === 'ENOENT' ? damaged(path, 'it is not there', thrown) : thrown;
  });
}
