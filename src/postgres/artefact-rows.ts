import type pg from 'pg';
import type { DigestCache } from '../domain/digest-cache.js';
import { PredawnError } from '../domain/errors.js';
import type { Artefact, Candidate, Manifest, StoredVersion } from '../domain/registry.js';
import { damaged } from '../domain/registry-errors.js';
import { parseManifest, recordBytes } from '../domain/registry-records.js';
import { checkedArtefact, digestOf, filesOf } from '../domain/registry-versions.js';

/** A piece comes as text of two characters a byte: far below what a string can hold, whatever the size of the model. */
const PIECE_BYTES = 8 * 1024 * 1024;

/** All versions of a model, ascending, damaged ones as such. `where` is the place of a version, for messages. */
export async function selectVersions(
  client: pg.Client,
  name: string,
  where: (version: number) => string,
): Promise<StoredVersion[]> {
  const { rows } = await client.query<{ version: number; manifest: Buffer }>(
    'select version, manifest from predawn.artefacts where model = $1 order by version',
    [name],
  );
  return rows.map(({ version, manifest }) => {
    try {
      const read = readManifest(manifest, version, where(version));
      return { version, manifest: read, problem: undefined };
    } catch (thrown) {
      if (!(thrown instanceof PredawnError)) throw thrown;
      return { version, manifest: undefined, problem: thrown };
    }
  });
}

function readManifest(bytes: Uint8Array, version: number, where: string): Manifest {
  const manifest = parseManifest(bytes, `manifest.json of ${where}`);
  if (manifest.version !== version) throw damaged(where, `its manifest is of version ${manifest.version}`);
  return manifest;
}

/** Inserts a version with its files; within a transaction. */
export async function insertVersion(
  client: pg.Client,
  manifest: Manifest,
  candidate: Candidate,
): Promise<void> {
  const { name, version } = manifest;
  await client.query(
    'insert into predawn.artefacts (model, version, digest, manifest) values ($1, $2, $3, $4)',
    [name, version, digestOf(manifest), Buffer.from(recordBytes(manifest))],
  );
  for (const [file, bytes] of filesOf(candidate)) {
    for (let piece = 0; piece * PIECE_BYTES < bytes.byteLength; piece++) {
      const part = bytes.subarray(piece * PIECE_BYTES, (piece + 1) * PIECE_BYTES);
      await client.query(
        'insert into predawn.artefact_files (model, version, file, piece, bytes) values ($1, $2, $3, $4, $5)',
        [name, version, file, piece, Buffer.from(part.buffer, part.byteOffset, part.byteLength)],
      );
    }
  }
}

/** A version's files, from the cache where it has them; throws as `checkedArtefact` does. */
export async function selectArtefact(
  client: pg.Client,
  manifest: Manifest,
  cache: DigestCache | undefined,
  where: string,
): Promise<Artefact> {
  const files = new Map<string, Uint8Array<SharedArrayBuffer>>();
  const fetched: [sha256: string, bytes: Uint8Array][] = [];
  for (const [file, { sha256, bytes: size }] of Object.entries(manifest.files)) {
    let bytes = await cache?.read(sha256);
    if (bytes === undefined) {
      bytes = await selectFile(client, manifest, file, size);
      if (bytes !== undefined) fetched.push([sha256, bytes]);
    }
    if (bytes !== undefined) files.set(file, bytes);
  }
  const artefact = checkedArtefact(manifest, files, (file) => `${file} of ${where}`);
  for (const [sha256, bytes] of fetched) await cache?.write(sha256, bytes);
  return artefact;
}

/** Undefined where no piece is there. Of another size than `size` where pieces are missing or too long. */
async function selectFile(
  client: pg.Client,
  { name, version }: Manifest,
  file: string,
  size: number,
): Promise<Uint8Array<SharedArrayBuffer> | undefined> {
  const pieces: Buffer[] = [];
  for (let piece = 0; piece * PIECE_BYTES < size; piece++) {
    const { rows } = await client.query<{ bytes: Buffer }>(
      'select bytes from predawn.artefact_files where model = $1 and version = $2 and file = $3 and piece = $4',
      [name, version, file, piece],
    );
    if (rows[0] !== undefined) pieces.push(rows[0].bytes);
  }
  if (pieces.length === 0 && size > 0) return undefined;
  const bytes = new Uint8Array(new SharedArrayBuffer(pieces.reduce((sum, { length }) => sum + length, 0)));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
