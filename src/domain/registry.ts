import type { PredawnError } from './errors.js';
import type { ModelSignature } from './model.js';

/** What `manifest.json` says of an artefact. Immutable once written. */
export interface Manifest {
  readonly name: string;
  readonly version: number;
  /** Lower-case hex sha256 and size of every file of the version, by file name; `model.onnx` among them. */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
  readonly signature: ModelSignature;
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  /** What `model add` changed in the file it was given, with the original's sha256. */
  readonly changes: readonly { readonly what: string; readonly originalSha256: string }[];
  readonly runtime: string;
  /** ISO 8601, UTC. */
  readonly addedAt: string;
  readonly addedBy: string;
  readonly note: string | undefined;
}

/** An artefact whose bytes were checked against its manifest. */
export interface Artefact {
  readonly manifest: Manifest;
  /** `sha256:<hex>` of model.onnx: the artefact's identity in ledgers and receipts. */
  readonly digest: string;
  /** The very bytes whose digest was checked; shared with worker threads without a copy. */
  readonly model: Uint8Array<SharedArrayBuffer>;
}

/** One move of an environment's alias. */
export interface AliasMove {
  readonly model: string;
  readonly environment: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly digest: string;
  readonly action: 'promote' | 'rollback';
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: string;
  readonly reason: string | undefined;
}

/** What an environment's alias names, and what it was when it was made live: a version's digest must be the same still. */
export interface LiveVersion {
  readonly version: number;
  readonly digest: string;
}

/** A version as a list shows it: whole, or with what is wrong with it (kind `artefact`). */
export type StoredVersion =
  | { readonly version: number; readonly manifest: Manifest; readonly problem: undefined }
  | { readonly version: number; readonly manifest: undefined; readonly problem: PredawnError };

/** What `model add` brings: the bytes to store and all of the manifest that the registry does not decide. */
export interface Candidate {
  readonly model: Uint8Array;
  readonly manifest: Omit<Manifest, 'name' | 'version' | 'files'>;
}

/**
 * Where artefacts live, with one alias per model and environment and an append-only history of its moves.
 *
 * To implement: a version is written whole or not at all, and never changed. `add` of bytes that a version already
 * holds (or was made from: `changes[].originalSha256`) returns that version; a new one gets a number above all that
 * there are and all that an alias ever named. `load` checks the digest of the bytes it returns and throws kind
 * `artefact` on any difference, code `version.missing` for a version that an alias named and that is gone. A version
 * whose digest is not the one it was made live with cannot be made live again. Concurrent `add`, `promote` and `rollback`, from other
 * processes too, never lose a version or a move. The port assumes no file system.
 */
export interface Registry {
  readonly location: string;
  add(
    name: string,
    candidate: Candidate,
  ): Promise<{ readonly manifest: Manifest; readonly created: boolean }>;
  /** Names of all models, sorted. */
  models(): Promise<readonly string[]>;
  /** A model's versions and what else its aliases name now, ascending; kind `configuration`, code `model.unknown` for an unknown name. */
  versions(name: string): Promise<readonly StoredVersion[]>;
  load(name: string, version: number): Promise<Artefact>;
  /** What an environment's alias names, be it there or not; undefined where nothing was ever made live. */
  alias(name: string, environment: string): Promise<LiveVersion | undefined>;
  promote(
    name: string,
    version: number,
    environment: string,
    by: string,
    reason?: string,
  ): Promise<AliasMove>;
  /** To the version that was live before the last move; throws kind `configuration` where there is none. */
  rollback(name: string, environment: string, by: string, reason?: string): Promise<AliasMove>;
  /** Oldest first. */
  history(name: string): Promise<readonly AliasMove[]>;
}
