import { PredawnError } from './errors.js';
import type { Artefact, Candidate, Manifest, StoredVersion } from './registry.js';
import { damaged } from './registry-errors.js';
import { sha256 } from './sealed-record.js';

/** The files of a version beside its manifest. */
export const MODEL = 'model.onnx';
export const GOLDEN = 'golden.json';

/** The digest that identifies an artefact in ledgers, moves and receipts. */
export function digestOf(manifest: Manifest): string {
  return `sha256:${manifest.files[MODEL]!.sha256}`;
}

/** A candidate's files by name. */
export function filesOf({ model, golden }: Candidate): ReadonlyMap<string, Uint8Array> {
  return new Map([[MODEL, model], ...(golden === undefined ? [] : [[GOLDEN, golden] as const])]);
}

/** The manifest that a candidate gets as a version. */
export function manifestFor(name: string, version: number, candidate: Candidate): Manifest {
  const files = [...filesOf(candidate)].map(
    ([file, bytes]) => [file, { sha256: sha256(bytes), bytes: bytes.byteLength }] as const,
  );
  return { name, version, files: Object.fromEntries(files), ...candidate.manifest };
}

/**
 * The version that a candidate is already: of the same model, or made from the same file, and with the same golden rows
 * and tolerance. A candidate without golden rows is the newest version of its model. One that brings other golden rows
 * is none of them: what an existing version was checked with is never changed.
 */
export function sameVersion(versions: readonly StoredVersion[], candidate: Candidate): Manifest | undefined {
  const { files, golden } = manifestFor('', 0, candidate);
  const ofModel = versionsOfModel(versions, candidate);
  if (golden === undefined) return ofModel.at(-1);
  return ofModel.find(
    (manifest) =>
      manifest.files[GOLDEN]?.sha256 === files[GOLDEN]!.sha256 &&
      manifest.golden?.tolerance.relative === golden.tolerance.relative &&
      manifest.golden.tolerance.absolute === golden.tolerance.absolute,
  );
}

/** Manifests of the versions with a candidate's model, or made from the same file; ascending. */
export function versionsOfModel(
  versions: readonly StoredVersion[],
  { model, manifest: { changes } }: Candidate,
): Manifest[] {
  const brought = new Set([sha256(model), ...changes.map((change) => change.originalSha256)]);
  return versions
    .flatMap(({ manifest }) => manifest ?? [])
    .filter(
      (manifest) =>
        brought.has(manifest.files[MODEL]!.sha256) ||
        manifest.changes.some((change) => brought.has(change.originalSha256)),
    );
}

/**
 * A version's files, checked; `where` gives a file's place, for messages.
 *
 * @throws PredawnError kind `artefact`: `artefact.digest` for other bytes than the manifest says, `registry.damaged`
 *   for a file that is not there
 */
export function checkedArtefact(
  manifest: Manifest,
  files: ReadonlyMap<string, Uint8Array<SharedArrayBuffer>>,
  where: (file: string) => string,
): Artefact {
  for (const [file, expected] of Object.entries(manifest.files)) {
    const bytes = files.get(file);
    if (bytes === undefined) throw damaged(where(file), 'it is not there');
    const found = sha256(bytes);
    if (found !== expected.sha256 || bytes.byteLength !== expected.bytes) {
      throw changedFile(where(file), expected, { sha256: found, bytes: bytes.byteLength });
    }
  }
  return {
    manifest,
    digest: digestOf(manifest),
    model: files.get(MODEL)!,
    golden: manifest.golden === undefined ? undefined : files.get(GOLDEN),
  };
}

type FileFacts = Manifest['files'][string];

function changedFile(where: string, expected: FileFacts, found: FileFacts): PredawnError {
  return new PredawnError(
    'artefact',
    'artefact.digest',
    `${where} was changed after it was added: expected sha256:${expected.sha256} (${expected.bytes} bytes), found sha256:${found.sha256} (${found.bytes} bytes).`,
    {
      hint: 'Restore it from a copy of the registry, or add the model again as a new version and promote that.',
    },
  );
}
