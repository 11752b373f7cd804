import { PredawnError } from './errors.js';
import type { Artefact, Candidate, Manifest, StoredVersion } from './registry.js';
import { damaged } from './registry-errors.js';
import { sha256 } from './sealed-record.js';

/** The files of a version beside its manifest. */
export const MODEL = 'model.onnx';
export const GOLDEN = 'golden.json';
export const PROFILE = 'profile.json';

/** The digest that identifies an artefact in ledgers, moves and receipts. */
export function digestOf(manifest: Manifest): string {
  return `sha256:${manifest.files[MODEL]!.sha256}`;
}

/** A candidate's files by name. */
export function filesOf({ model, golden, profile }: Candidate): ReadonlyMap<string, Uint8Array> {
  const others = [[GOLDEN, golden] as const, [PROFILE, profile] as const];
  return new Map([
    [MODEL, model],
    ...others.flatMap(([name, bytes]) => (bytes === undefined ? [] : [[name, bytes] as const])),
  ]);
}

/** The manifest that a candidate gets as a version. */
export function manifestFor(name: string, version: number, candidate: Candidate): Manifest {
  const files = [...filesOf(candidate)].map(
    ([file, bytes]) => [file, { sha256: sha256(bytes), bytes: bytes.byteLength }] as const,
  );
  return { name, version, files: Object.fromEntries(files), ...candidate.manifest };
}

/**
 * The version that a candidate is already: of the same model, or made from the same file, and with the same golden rows,
 * tolerance and profile. A candidate without golden rows, or without a profile, is the newest version of its model that is
 * like it in all else. One that brings others is none of them: what an existing version was checked with is never changed.
 */
export function sameVersion(versions: readonly StoredVersion[], candidate: Candidate): Manifest | undefined {
  const found = manifestFor('', 0, candidate);
  return versionsOfModel(versions, candidate).findLast(
    (manifest) => sameGolden(manifest, found) && sameProfile(manifest, found),
  );
}

function sameGolden(known: Manifest, { files, golden }: Manifest): boolean {
  if (golden === undefined) return true;
  return (
    known.files[GOLDEN]?.sha256 === files[GOLDEN]!.sha256 &&
    known.golden?.tolerance.relative === golden.tolerance.relative &&
    known.golden.tolerance.absolute === golden.tolerance.absolute
  );
}

/**
 * One of the golden rows is what a version gets that nobody gave a sample for: any will do. Its bits prove nothing, since
 * the last ones of scores differ between processors.
 */
function sameProfile(known: Manifest, { files, profile }: Manifest): boolean {
  if (profile === undefined) return true;
  if (profile.from === 'golden') return known.profile !== undefined;
  return known.files[PROFILE]?.sha256 === files[PROFILE]!.sha256;
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
    profile: manifest.profile === undefined ? undefined : files.get(PROFILE),
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
