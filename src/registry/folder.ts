import { join, resolve } from 'node:path';
import { closest } from 'fastest-levenshtein';
import { PredawnError } from '../domain/errors.js';
import type { AliasMove, Manifest, Registry, StoredVersion } from '../domain/registry.js';
import { appendMove, lastMove, readableMoves, readHistory } from './aliases.js';
import { errorCode, listFolder, listNumbers, withFileErrors } from './durable-files.js';
import { checkName, isName } from './names.js';
import { missingVersion, replacedVersion } from './records.js';
import { type AddStep, addVersion, digestOf, loadVersion, readVersion, readVersions } from './versions.js';

export interface FolderRegistryOptions {
  /** The time that moves are recorded with. */
  readonly now: () => Date;
  /** Called after each durable step of `add`. */
  readonly onAddStep?: (step: AddStep) => void | Promise<void>;
}

/**
 * A registry in a folder, which may be shared by several machines where its file system has hard links:
 *
 *     <folder>/<name>/<version>/model.onnx, manifest.json
 *     <folder>/<name>/aliases/<environment>/000001.json …
 *
 * Versions and moves are files that are made whole and never written again. Every method throws kind `configuration`,
 * code `registry.name`, for names that are no folder names, and `model.unknown` for a model that has no version.
 */
export function openFolderRegistry(folder: string, options: FolderRegistryOptions): Registry {
  const location = resolve(folder);
  const folderOf = (name: string) => join(location, name);
  const versionOf = (name: string, version: number) => join(location, name, String(version));
  const aliasesOf = (name: string) => join(location, name, 'aliases');
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
    throw new PredawnError(
      'configuration',
      'version.unknown',
      `Model ${name} has no version ${version}; it has ${numbers.join(', ')}.`,
      { hint: `See "predawn model show ${name}".` },
    );
  }

  async function movesTo(name: string, version: number): Promise<AliasMove[]> {
    return (await readableMoves(aliasesOf(name))).flat().filter(({ to }) => to === version);
  }

  /** The digest to make a version live with: the one that it was ever live with. */
  async function digestToMove(name: string, version: number): Promise<string> {
    const digest = digestOf(await manifestOf(name, version));
    const before = (await movesTo(name, version)).find((move) => move.digest !== digest);
    if (before === undefined) return digest;
    throw replacedVersion(versionOf(name, version), before, digest);
  }

  async function promote(
    name: string,
    version: number,
    environment: string,
    by: string,
    reason?: string,
  ): Promise<AliasMove> {
    checkName('environment', environment);
    const digest = await digestToMove(name, version);
    return appendMove(aliasOf(name, environment), (last) => {
      // Not a move: recorded as one, it would make the next rollback lead to the version that is live.
      if (last?.to === version) return last;
      return {
        ...{ model: name, environment, from: last?.to, to: version, digest, action: 'promote' as const },
        ...{ at: options.now().toISOString(), by, reason },
      };
    });
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
      if (last?.from === undefined) throw nothingBefore(name, environment, last?.to);
      const digest = await digestToMove(name, last.from);
      return {
        ...{ model: name, environment, from: last.to, to: last.from, digest, action: 'rollback' as const },
        ...{ at: options.now().toISOString(), by, reason },
      };
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
    promote: (...move) => guarded(() => promote(...move)),
    rollback: (...move) => guarded(() => rollback(...move)),
    history: (name) =>
      guarded(async () => {
        await existing(name);
        return readHistory(aliasesOf(name));
      }),
  };
}

/** A file beside the models' folders is no model. */
function noneInFile(thrown: unknown): never[] {
  if (errorCode(thrown) === 'ENOTDIR') return [];
  throw thrown;
}

function unknownModel(location: string, name: string, known: readonly string[]): PredawnError {
  const nearest = known.length === 0 ? '' : ` Did you mean ${closest(name, [...known])}?`;
  return new PredawnError(
    'configuration',
    'model.unknown',
    `There is no model ${name} in ${location}.${nearest}`,
    {
      hint: `Add it with "predawn model add ${name} FILE.onnx", or see "predawn model list".`,
    },
  );
}

function nothingBefore(name: string, environment: string, live: number | undefined): PredawnError {
  const state =
    live === undefined
      ? `No version of ${name} was ever live in ${environment}`
      : `No version of ${name} was live in ${environment} before ${live}`;
  return new PredawnError(
    'configuration',
    'alias.no_previous',
    `${state}; there is nothing to roll back to.`,
    {
      hint: `Name a version instead: "predawn model promote ${name} VERSION --to ${environment}".`,
    },
  );
}
