import type pg from 'pg';
import type { DigestCache } from '../domain/digest-cache.js';
import type {
  AddedVersion,
  AliasMove,
  Candidate,
  Manifest,
  PromotionRequest,
  Registry,
  StoredVersion,
} from '../domain/registry.js';
import { checkName, replacedVersion, unknownModel, unknownVersion } from '../domain/registry-errors.js';
import {
  checkSameDigest,
  mergeHistories,
  previousVersion,
  promotion,
  rollbackMove,
} from '../domain/registry-moves.js';
import { digestOf, manifestFor, sameVersion, versionsOfModel } from '../domain/registry-versions.js';
import { appendMove, selectLastMove, selectMoves } from './alias-moves.js';
import { insertVersion, selectArtefact, selectVersions } from './artefact-rows.js';
import { describeUrl } from './connection.js';
import { translate } from './errors.js';
import { installedVersion, migrate } from './migrations.js';
import { appendRolloutMove, selectLastRolloutMove, selectRollouts } from './rollout-moves.js';
import { closeSession, openSession } from './session.js';
import { transaction } from './transaction.js';

/** The version of the schema that brought the registry. */
const SINCE = 3;
/** The one that brought shadows and canaries: before it there were none. */
const ROLLOUTS_SINCE = 4;
const LOCK_SECONDS = 60;

export interface PostgresRegistryOptions {
  readonly url: string;
  /** The time that moves are recorded with. */
  readonly now: () => Date;
  /** Keeps the files that were fetched. */
  readonly cache?: DigestCache | undefined;
  /** Called when the files of `add` are inserted, before the transaction commits. */
  readonly onFilesInserted?: () => void | Promise<void>;
}

/**
 * A registry in the schema `predawn` of a database: see `migrations/003-registry.ts`. Each call has a connection of its
 * own, since a registry is never closed; nothing is made in a database that is only read. A version commits in one
 * transaction, under a lock of its model that gives out numbers one by one; what keeps moves from being lost is said at
 * `appendMove`. Throws what `translate` makes of a failure, and what `Registry` says.
 */
export function openPostgresRegistry({
  url,
  now,
  cache,
  onFilesInserted,
}: PostgresRegistryOptions): Registry {
  const location = describeUrl(url);
  const placeOf = (name: string) => (version: number) => `${name}@${version} in ${location}`;

  async function session<T>(doing: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = await openSession(url, location, 'predawn registry');
    try {
      return await work(client);
    } catch (error) {
      throw translate(error, { location, doing });
    } finally {
      await closeSession(client);
    }
  }

  /** Reads; gives `empty` where the registry was never written to. */
  const reading = <T>(empty: () => T, work: (client: pg.Client) => Promise<T>): Promise<T> =>
    session('reading the registry', async (client) =>
      (await installedVersion(client)) < SINCE ? empty() : work(client),
    );

  const writing = <T>(doing: string, work: (client: pg.Client) => Promise<T>): Promise<T> =>
    session(doing, async (client) => {
      await migrate(client, location);
      return work(client);
    });

  /** A model's versions, of which there must be one. */
  async function existing(client: pg.Client, name: string): Promise<StoredVersion[]> {
    checkName('model', name);
    const versions = await selectVersions(client, name, placeOf(name));
    if (versions.length > 0) return versions;
    throw unknownModel(location, name, await models(client));
  }

  const nothing = (name: string) => (): never => {
    checkName('model', name);
    throw unknownModel(location, name, []);
  };

  async function models(client: pg.Client): Promise<string[]> {
    const { rows } = await client.query<{ model: string }>('select distinct model from predawn.artefacts');
    return rows.map(({ model }) => model).sort();
  }

  async function versions(client: pg.Client, name: string): Promise<StoredVersion[]> {
    const stored = await existing(client, name);
    const live = (await selectMoves(client, name)).flatMap((moves) => moves.at(-1) ?? []);
    return stored.map((found) => {
      if (found.manifest === undefined) return found;
      const { version } = found;
      const digest = digestOf(found.manifest);
      const other = live.find((move) => move.to === version && move.digest !== digest);
      if (other === undefined) return found;
      return {
        version,
        manifest: undefined,
        problem: replacedVersion(placeOf(name)(version), other, digest),
      };
    });
  }

  async function manifestOf(client: pg.Client, name: string, version: number): Promise<Manifest> {
    const stored = await existing(client, name);
    const found = stored.find((candidate) => candidate.version === version);
    if (found === undefined)
      throw unknownVersion(
        name,
        version,
        stored.map((other) => other.version),
      );
    if (found.problem !== undefined) throw found.problem;
    return found.manifest;
  }

  /** The digest to make a version live with: the one that it was ever live with. */
  async function digestToMove(client: pg.Client, name: string, version: number): Promise<string> {
    const digest = digestOf(await manifestOf(client, name, version));
    const moves = (await selectMoves(client, name)).flat().filter(({ to }) => to === version);
    checkSameDigest(moves, digest, placeOf(name)(version));
    return digest;
  }

  async function add(client: pg.Client, name: string, candidate: Candidate): Promise<AddedVersion> {
    await client.query(`select pg_advisory_xact_lock(hashtextextended('predawn registry ' || $1, 0))`, [
      name,
    ]);
    const stored = await selectVersions(client, name, placeOf(name));
    const same = sameVersion(stored, candidate);
    if (same !== undefined) return { manifest: same, created: false, sameModel: undefined };
    const manifest = manifestFor(name, (stored.at(-1)?.version ?? 0) + 1, candidate);
    await insertVersion(client, manifest, candidate);
    await onFilesInserted?.();
    return { manifest, created: true, sameModel: versionsOfModel(stored, candidate).at(-1)?.version };
  }

  async function promote(client: pg.Client, request: PromotionRequest): Promise<AliasMove> {
    const { name, version, environment } = request;
    const digest = await digestToMove(client, name, version);
    return appendMove(client, name, environment, (last) =>
      promotion(last, request, digest, now().toISOString()),
    );
  }

  async function rollback(
    client: pg.Client,
    name: string,
    environment: string,
    by: string,
    reason: string | undefined,
  ): Promise<AliasMove> {
    await existing(client, name);
    return appendMove(client, name, environment, async (last) => {
      const digest = await digestToMove(client, name, previousVersion(last, name, environment));
      return rollbackMove(last!, digest, { at: now().toISOString(), by, reason });
    });
  }

  return {
    location,
    add: async (name, candidate) => {
      checkName('model', name);
      return writing(`adding a version of ${name} to the registry`, (client) =>
        transaction(client, LOCK_SECONDS, () => add(client, name, candidate)),
      );
    },
    models: () => reading(() => [], models),
    versions: (name) => reading(nothing(name), (client) => versions(client, name)),
    load: (name, version) =>
      reading(nothing(name), async (client) => {
        const manifest = await manifestOf(client, name, version);
        return selectArtefact(client, manifest, cache, placeOf(name)(version));
      }),
    alias: async (name, environment) => {
      checkName('environment', environment);
      return reading(nothing(name), async (client) => {
        await existing(client, name);
        const last = await selectLastMove(client, name, environment);
        return last && { version: last.move.to, digest: last.move.digest };
      });
    },
    promote: async (request) => {
      checkName('environment', request.environment);
      return writing(`promoting ${request.name}`, (client) => promote(client, request));
    },
    rollback: async (name, environment, by, reason) => {
      checkName('environment', environment);
      return writing(`rolling ${name} back`, (client) => rollback(client, name, environment, by, reason));
    },
    history: (name) =>
      reading(nothing(name), async (client) => {
        await existing(client, name);
        return mergeHistories(await selectMoves(client, name));
      }),
    rollout: async (name, environment) => {
      checkName('environment', environment);
      return reading(nothing(name), async (client) => {
        await existing(client, name);
        if ((await installedVersion(client)) < ROLLOUTS_SINCE) return undefined;
        return (await selectLastRolloutMove(client, name, environment))?.move;
      });
    },
    moveRollout: async (name, environment, decide) => {
      checkName('environment', environment);
      return writing(`moving a rollout of ${name}`, async (client) => {
        await existing(client, name);
        return appendRolloutMove(client, name, environment, decide);
      });
    },
    rollouts: (name) =>
      reading(nothing(name), async (client) => {
        await existing(client, name);
        return (await installedVersion(client)) < ROLLOUTS_SINCE ? [] : selectRollouts(client, name);
      }),
  };
}
