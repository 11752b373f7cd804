import type { PredawnError } from './errors.js';
import type { ModelSignature } from './model.js';
import type { RolloutMove } from './rollout.js';

/** How far a score may be from the expected one: `absolute + relative * |expected|` at most; 0 and 0 mean equal. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
}

/** What the manifest says of a version's golden rows; the rows themselves are in `golden.json`. */
export interface GoldenFacts {
  readonly rows: number;
  readonly tolerance: Tolerance;
  /** `given`: brought along when the version was added. `runtime`: what onnxruntime itself gave then. */
  readonly expectedFrom: 'given' | 'runtime';
  /** With `given`: the published names of outputs that were not, and that the runtime gave then. */
  readonly recorded?: readonly string[] | undefined;
}

/** What the manifest says of a version's profile; the profile itself is in `profile.json`. */
export interface ProfileFacts {
  readonly rows: number;
  /** `golden`: of the golden rows. `sample`: of rows that were given for that. */
  readonly from: 'golden' | 'sample';
}

/** Any JSON object, which predawn keeps and shows, and does not look into. */
export type JsonObject = Readonly<Record<string, unknown>>;

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
  /** Undefined for a version without golden rows: it is unverified. */
  readonly golden: GoldenFacts | undefined;
  /** Absent for a version without a profile. */
  readonly profile?: ProfileFacts | undefined;
  /** What whoever trained it wants to be known of that. */
  readonly training: JsonObject | undefined;
  /** ISO 8601, UTC. */
  readonly addedAt: string;
  readonly addedBy: string;
  readonly note: string | undefined;
}

/** An artefact whose every byte was checked against its manifest. */
export interface Artefact {
  readonly manifest: Manifest;
  /** `sha256:<hex>` of model.onnx: the artefact's identity in ledgers and receipts. */
  readonly digest: string;
  /** The very bytes whose digest was checked; shared with worker threads without a copy. */
  readonly model: Uint8Array<SharedArrayBuffer>;
  /** `golden.json`: rows with their expected outputs (`readGolden`); undefined where the version is unverified. */
  readonly golden: Uint8Array | undefined;
  /** `profile.json`: how inputs and scores are distributed (`readProfile`); undefined where the version has none. */
  readonly profile?: Uint8Array | undefined;
}

/** A check of a gate that did not hold and that somebody took responsibility for. */
export interface AcceptedCheck {
  readonly check: string;
  readonly reason: string;
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
  /** The report of the gate that the move passed; undefined where the environment has none, and for rollbacks. */
  readonly gate: JsonObject | undefined;
  /** Undefined where nothing had to be accepted. */
  readonly accepted: readonly AcceptedCheck[] | undefined;
}

/** What `promote` is asked for. */
export interface PromotionRequest {
  readonly name: string;
  readonly version: number;
  readonly environment: string;
  readonly by: string;
  readonly reason?: string | undefined;
  readonly gate?: JsonObject | undefined;
  readonly accepted?: readonly AcceptedCheck[] | undefined;
  /** The version that was live when this was decided, `null` for none: another one by now, and nothing is moved. */
  readonly expectedFrom?: number | null | undefined;
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
  /** `golden.json`; present if and only if the manifest has `golden`. */
  readonly golden: Uint8Array | undefined;
  /** `profile.json`; present if and only if the manifest has `profile`. */
  readonly profile?: Uint8Array | undefined;
  readonly manifest: Omit<Manifest, 'name' | 'version' | 'files'>;
}

/** What `add` did. */
export interface AddedVersion {
  readonly manifest: Manifest;
  /** False where the version was there already. */
  readonly created: boolean;
  /** For a new one: the newest version before it that has the same model, with other golden rows or none. */
  readonly sameModel: number | undefined;
}

/** Makes the next move of a rollout, or gives the newest one back. */
export type DecideRollout = (last: RolloutMove | undefined) => RolloutMove | undefined;

/**
 * Where artefacts live, with one alias per model and environment and an append-only history of its moves.
 *
 * To implement: a version is written whole or not at all, and never changed. `add` of a model that a version already
 * holds (or was made from: `changes[].originalSha256`) with the same golden rows and profile, or with none, returns that version
 * (`sameVersion`); a new one gets a number above all that there are and all that an alias ever named, and nothing makes
 * it live. `load` checks the digest of all bytes it returns and throws kind `artefact` on any difference, in the manifest
 * too, code `version.missing` for a version that an alias named and that is gone. A version
 * whose digest is not the one it was made live with cannot be made live again. Concurrent `add`, `promote` and `rollback`,
 * from other processes too, never lose a version or a move: an environment's moves are one chain, each from where the
 * one before it led. The port assumes no file system.
 */
export interface Registry {
  readonly location: string;
  add(name: string, candidate: Candidate): Promise<AddedVersion>;
  /** Names of all models, sorted. */
  models(): Promise<readonly string[]>;
  /** A model's versions and what else its aliases name now, ascending; kind `configuration`, code `model.unknown` for an unknown name. */
  versions(name: string): Promise<readonly StoredVersion[]>;
  load(name: string, version: number): Promise<Artefact>;
  /** What an environment's alias names, be it there or not; undefined where nothing was ever made live. */
  alias(name: string, environment: string): Promise<LiveVersion | undefined>;
  /** The move; the newest one, and nothing is moved, where that version is live. Code `alias.moved` (see `expectedFrom`), kind `unavailable`. */
  promote(request: PromotionRequest): Promise<AliasMove>;
  /**
   * To the version that was live before the last move, be that move a rollback: a second one leads forth again. Throws
   * kind `configuration`, code `alias.no_previous`, where there is none.
   */
  rollback(name: string, environment: string, by: string, reason?: string): Promise<AliasMove>;
  /** Oldest first. */
  history(name: string): Promise<readonly AliasMove[]>;
  /** The newest move of what is tried out in an environment; undefined where nothing ever was. */
  rollout(name: string, environment: string): Promise<RolloutMove | undefined>;
  /**
   * Appends the move that `decide` makes of the newest one; nothing where it gives that newest one back. It is asked
   * again where another process came first: moves of an environment's rollouts are one chain, too.
   */
  moveRollout(name: string, environment: string, decide: DecideRollout): Promise<RolloutMove | undefined>;
  /** Oldest first. */
  rollouts(name: string): Promise<readonly RolloutMove[]>;
}
