import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PredawnError } from '../domain/errors.js';
import type { Artefact, Candidate, Manifest, StoredVersion } from '../domain/registry.js';
import {
  errorCode,
  listFolder,
  listNumbers,
  makeFolder,
  syncFolder,
  writeReadOnly,
} from './durable-files.js';
import { damaged, readManifest, recordBytes } from './records.js';

const MODEL = 'model.onnx';
const MANIFEST = 'manifest.json';
const UNFINISHED = '.adding-';
const DAY = 24 * 60 * 60 * 1000;

/** What `addVersion` has just done; for tests that stop a process there. */
export type AddStep = 'model written' | 'manifest written' | 'version visible';

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

/** The digest that identifies an artefact in ledgers, moves and receipts. */
export function digestOf(manifest: Manifest): string {
  return `sha256:${manifest.files[MODEL]!.sha256}`;
}

/**
 * Writes a candidate as the next version of the model in `folder`, unless a version has these bytes or was made from
 * them. The version is built beside the others and renamed to its number, which fails where another process has
 * taken that number: then the versions are read again. Numbers up to `highestNamed` were live once: none is given
 * to other bytes, though its version be gone.
 */
export async function addVersion(
  folder: string,
  name: string,
  candidate: Candidate,
  highestNamed: () => Promise<number>,
  onStep: (step: AddStep) => void | Promise<void>,
): Promise<{ readonly manifest: Manifest; readonly created: boolean }> {
  const files = { [MODEL]: { sha256: sha256(candidate.model), bytes: candidate.model.byteLength } };
  const known = findVersion(await readVersions(folder), candidate, files[MODEL].sha256);
  if (known !== undefined) return { manifest: known, created: false };

  await makeFolder(folder);
  const building = join(folder, `${UNFINISHED}${randomUUID()}`);
  await mkdir(building);
  try {
    await removeAbandoned(folder, building);
    await writeReadOnly(join(building, MODEL), candidate.model);
    await onStep('model written');
    for (;;) {
      const versions = await readVersions(folder);
      const same = findVersion(versions, candidate, files[MODEL].sha256);
      if (same !== undefined) return { manifest: same, created: false };
      const highest = Math.max(versions.at(-1)?.version ?? 0, await highestNamed());
      const manifest = { name, version: highest + 1, files, ...candidate.manifest };
      await rm(join(building, MANIFEST), { force: true });
      await writeReadOnly(join(building, MANIFEST), recordBytes(manifest));
      await syncFolder(building);
      await onStep('manifest written');
      if (!(await renameToNew(building, join(folder, String(manifest.version))))) continue;
      await onStep('version visible');
      await syncFolder(folder);
      return { manifest, created: true };
    }
  } finally {
    await rm(building, { recursive: true, force: true });
  }
}

function findVersion(
  versions: readonly StoredVersion[],
  candidate: Candidate,
  digest: string,
): Manifest | undefined {
  const brought = new Set([digest, ...candidate.manifest.changes.map((change) => change.originalSha256)]);
  return versions
    .flatMap(({ manifest }) => manifest ?? [])
    .find(
      ({ files, changes }) =>
        brought.has(files[MODEL]!.sha256) || changes.some((change) => brought.has(change.originalSha256)),
    );
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

/** Reads a version's model and checks those very bytes; throws kind `artefact`, code `artefact.digest`. */
export async function loadVersion(folder: string, version: number): Promise<Artefact> {
  const manifest = await readVersion(folder, version);
  const path = join(folder, String(version), MODEL);
  const model = await readShared(path);
  const expected = manifest.files[MODEL]!;
  const found = sha256(model);
  if (found !== expected.sha256 || model.byteLength !== expected.bytes) {
    throw new PredawnError(
      'artefact',
      'artefact.digest',
      `${path} was changed after it was added: expected sha256:${expected.sha256} (${expected.bytes} bytes), found sha256:${found} (${model.byteLength} bytes).`,
      {
        hint: 'Restore the file from a copy of the registry, or add the model again as a new version and promote that.',
      },
    );
  }
  return { manifest, digest: digestOf(manifest), model };
}

async function readShared(path: string): Promise<Uint8Array<SharedArrayBuffer>> {
  const handle = await open(path, 'r').catch((thrown: unknown) => {
    throw errorCode(thrown) === 'ENOENT' ? damaged(path, 'it is not there', thrown) : thrown;
  });
  try {
    const { size } = await handle.stat();
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    for (let at = 0; at < size;) {
      const { bytesRead } = await handle.read(bytes, at, size - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
