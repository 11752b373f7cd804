import { PredawnError } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import type { Artefact, Registry } from '../domain/registry.js';

/**
 * The artefact that an environment's alias names now, its bytes checked against its digest. Held in memory for the
 * whole run: a promotion meanwhile changes nothing.
 *
 * @throws PredawnError kind `configuration` without an alias, `artefact` where bytes and digest differ.
 */
export async function pinArtefact(registry: Registry, job: Job, environment: string): Promise<Artefact> {
  const version = await registry.alias(job.model, environment);
  if (version !== undefined) return registry.load(job.model, version);

  const newest = (await registry.versions(job.model)).at(-1)?.version ?? 1;
  throw new PredawnError(
    'configuration',
    'alias.none',
    `${job.name}: no version of model ${job.model} is live in ${environment} (registry ${registry.location}).`,
    { hint: `Make one live: predawn model promote ${job.model} ${newest} --to ${environment}` },
  );
}
