import Zip from 'adm-zip';
import { describeError } from '../domain/errors.js';
import type { Artefact } from '../domain/registry.js';
import { damaged } from '../domain/registry-errors.js';
import { parseManifest, recordBytes } from '../domain/registry-records.js';
import { checkedArtefact, GOLDEN, MODEL, PROFILE } from '../domain/registry-versions.js';
import { sharedBytes } from '../domain/shared-bytes.js';

const MANIFEST = 'manifest.json';
const LARGEST_MANIFEST = 64 * 1024 * 1024;

/** A version as one ZIP archive of its files, which any tool unpacks. Their digests are in its manifest. */
export function packArtefact({ manifest, model, golden, profile }: Artefact): Uint8Array {
  const zip = new Zip();
  zip.addFile(MANIFEST, Buffer.from(recordBytes(manifest)));
  zip.addFile(MODEL, Buffer.from(model));
  if (golden !== undefined) zip.addFile(GOLDEN, Buffer.from(golden));
  if (profile !== undefined) zip.addFile(PROFILE, Buffer.from(profile));
  return zip.toBuffer();
}

/**
 * Reads what `packArtefact` made and checks every byte of it. `where` is its path, for messages.
 *
 * @throws PredawnError kind `artefact`, codes `registry.damaged` and `artefact.digest`
 */
export function unpackArtefact(bytes: Uint8Array, where: string): Artefact {
  const zip = open(bytes, where);
  const place = (file: string) => `${file} in ${where}`;
  const manifest = read(zip, MANIFEST, LARGEST_MANIFEST, place(MANIFEST));
  if (manifest === undefined) throw damaged(where, `it has no ${MANIFEST}`);
  const checked = parseManifest(manifest, place(MANIFEST));
  const files = new Map<string, Uint8Array<SharedArrayBuffer>>();
  for (const [file, expected] of Object.entries(checked.files)) {
    const found = read(zip, file, expected.bytes, place(file));
    if (found !== undefined) files.set(file, sharedBytes(found));
  }
  return checkedArtefact(checked, files, place);
}

function open(bytes: Uint8Array, where: string): Zip {
  try {
    return new Zip(Buffer.from(bytes));
  } catch (thrown) {
    throw damaged(where, `it is no whole ZIP archive (${describeError(thrown)})`, thrown);
  }
}

/** A file's bytes; undefined where there is none. `largest`: what unpacks to more is not read at all. */
function read(zip: Zip, file: string, largest: number, where: string): Uint8Array | undefined {
  try {
    const entry = zip.getEntry(file);
    if (entry === null) return undefined;
    if (entry.header.size > largest) throw new Error('it is larger than its manifest says');
    return entry.getData();
  } catch (thrown) {
    throw damaged(where, describeError(thrown), thrown);
  }
}
