import { join, resolve } from 'node:path';
import type { AliasMove, Manifest, PromotionRequest, Registry, StoredVersion } from '../domain/registry.js';
import {
  checkName,
  isName,
  missingVersion,
  replacedVersion,
  unknownModel,
  unknownVersion,
} from '../domain/registry-errors.js';
import { checkSameDigest, previousVersion, promotion, rollbackMove } from '../domain/registry-moves.js';
import { digestOf } from '../domain/registry-versions.js';
import { appendMove, lastMove, readableMoves, readHistory } from './aliases.js';
import { errorCode, listFolder, listNumbers, withFileErrors } from './durable-files.js';
import { appendRolloutMove, lastRolloutMove, readRollouts } from './rollouts.js';
import { type AddStep, addVersion, loadVersion, readVersion, readVersions } from './versions.js';

export interface FolderRegistryOptions {
  /** The time that moves are recorded with. */
  readonly now: () => Date;
  /** Called after each durable step of `add`. */
  readonly onAddStep?: (step: AddStep) => void | Promise<void>;
}

/**
 * A registry in a folder, which may be shared by several machines where its file system has hard links:
 *
 *     <folder>/<name>/<version>/model.onnx, golden.json, manifest.json
 *     <folder>/<name>/aliases/<environment>/000001.json …
 *     <folder>/<name>/rollouts/<environment>/000001.json …
 *
 * Versions and moves are files that are made whole and never written again. Every method throws kind `configuration`,
 * code `registry.name`, for names that are no folder names, and `model.unknown` for a model that has no version.
 */
export function openFolderRegistry(folder: string, options: FolderRegistryOptions): Registry {
  const location = resolve(folder);
  const folderOf = (name: string) => join(location, name);
  const versionOf = (name: string, version: number) => join(location, name, String(version));
  const aliasesOf = (name: string) => join(location, name, 'aliases');
  const rolloutsOf = (name: string) => join(location, name, 'rollouts');
  const aliasOf = (name: string, environment: string) => join(aliasesOf(name), environment);

  async function models(): Promise<string[]> {
    const names = (await listFolder(location)).filter(isName).sort();
    const counts = await Promise.all(names.map(async (name) => (await numbersOf(name)).length));
    return names.filter((_, index) => counts[index]! > 0);
  }

  /** Versions that are there, or live though they are gone. */
  async function numbersOf(name: string): Promise<number[]> {
    const numbers = await listNumbers(folderOf(name)).catch(noneInFile);
    const moves = await readableMoves(aliasesOf(name)).catch(noneInFile);
    const live = moves.flatMap((ofEnvironment) => ofEnvironment.at(-1)?.to ?? []);
    return [...new Set([...numbers, ...live])].sort((a, b) => a - b);
  }

  /** Version numbers of a model that must exist. */
  async function existing(name: string): Promise<number[]> {
    checkName('model', name);
    const numbers = await numbersOf(name);
    if (numbers.length > 0) return numbers;
    throw unknownModel(location, name, await models());
  }

  async function versions(name: string): Promise<StoredVersion[]> {
    const numbers = await existing(name);
    const stored = new Map((await readVersions(folderOf(name))).map((version) => [version.version, version]));
    const live = (await readableMoves(aliasesOf(name))).flatMap((moves) => moves.at(-1) ?? []);
    return numbers.map((version) => {
      const found = stored.get(version);
      if (found === undefined) return { version, manifest: undefined, problem: missing(name, version) };
      if (found.manifest === undefined) return found;
      const digest = digestOf(found.manifest);
      const other = live.find((move) => move.to === version && move.digest !== digest);
      if (other === undefined) return found;
      return {
        version,
        manifest: undefined,
        problem: replacedVersion(versionOf(name, version), other, digest),
      };
    });
  }

  const missing = (name: string, version: number) => missingVersion(versionOf(name, version), name, version);

  async function manifestOf(name: string, version: number): Promise<Manifest> {
    const numbers = await existing(name);
    if ((await listNumbers(folderOf(name))).includes(version)) return readVersion(folderOf(name), version);
    if ((await movesTo(name, version)).length > 0) throw missing(name, version);
    throw unknownVersion(name, version, numbers);
  }

  async function movesTo(name: string, version: number): Promise<AliasMove[]> {
    return (await readableMoves(aliasesOf(name))).flat().filter(({ to }) => to === version);
  }

  /** The digest to make a version live with: the one that it was ever live with. */
  async function digestToMove(name: string, version: number): Promise<string> {
    const digest = digestOf(await manifestOf(name, version));
    checkSameDigest(await movesTo(name, version), digest, versionOf(name, version));
    return digest;
  }

  const now = () => options.now().toISOString();

  async function promote(request: PromotionRequest): Promise<AliasMove> {
    const { name, version, environment } = request;
    checkName('environment', environment);
    const digest = await digestToMove(name, version);
    return appendMove(aliasOf(name, environment), (last) => promotion(last, request, digest, now()));
  }

  async function rollback(
    name: string,
    environment: string,
    by: string,
    reason?: string,
  ): Promise<AliasMove> {
    checkName('environment', environment);
    await existing(name);
    return appendMove(aliasOf(name, environment), async (last) => {
      const digest = await digestToMove(name, previousVersion(last, name, environment));
      return rollbackMove(last!, digest, { at: now(), by, reason });
    });
  }

  const guarded = <T>(work: () => Promise<T>) => withFileErrors(location, work);
  return {
    location,
    add: (name, candidate) =>
      guarded(async () => {
        checkName('model', name);
        const highestNamed = async () =>
          Math.max(0, ...(await readableMoves(aliasesOf(name))).flat().map(({ to }) => to));
        return addVersion(
          folderOf(name),
          name,
          candidate,
          highestNamed,
          options.onAddStep ?? (() => undefined),
        );
      }),
    models: () => guarded(models),
    versions: (name) => guarded(() => versions(name)),
    load: (name, version) =>
      guarded(async () => {
        await manifestOf(name, version);
        return loadVersion(folderOf(name), version);
      }),
    alias: (name, environment) =>
      guarded(async () => {
        checkName('environment', environment);
        await existing(name);
        const move = await lastMove(aliasOf(name, environment));
        return move && { version: move.to, digest: move.digest };
      }),
    promote: (request) => guarded(() => promote(request)),
    rollback: (...move) => guarded(() => rollback(...move)),
    history: (name) =>
      guarded(async () => {
        await existing(name);
        return readHistory(aliasesOf(name));
      }),
    rollout: (name, environment) =>
      guarded(async () => {
        checkName('environment', environment);
        await existing(name);
        return lastRolloutMove(join(rolloutsOf(name), environment));
      }),
    moveRollout: (name, environment, decide) =>
      guarded(async () => {
        checkName('environment', environment);
        await existing(name);
        return appendRolloutMove(join(rolloutsOf(name), environment), decide);
      }),
    rollouts: (name) =>
      guarded(async () => {
        await existing(name);
        return readRollouts(rolloutsOf(name));
      }),
  };
}

/** A file beside the models' folders is no model. */
function noneInFile(thrown: unknown): never[] {
  if (errorCode(thrown) === 'ENOTDIR') return [];
  throw thrown;
}
