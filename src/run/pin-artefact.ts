import { PredawnError } from '../domain/errors.js';
import type { Job } from '../domain/job.js';
import type { Artefact, LiveVersion, Registry } from '../domain/registry.js';

/**
 * The artefact that an environment's alias names now, its bytes checked against its digest. Held in memory for the
 * whole run: a promotion meanwhile changes nothing.
 *
 * @throws PredawnError kind `configuration` without an alias, `artefact` where the version is gone or damaged, or where
 *   its bytes are not those that were made live.
 */
export async function pinArtefact(registry: Registry, job: Job, environment: string): Promise<Artefact> {
  const live = await registry.alias(job.model, environment);
  if (live !== undefined) {
    const artefact = await registry.load(job.model, live.version);
    if (artefact.digest === live.digest) return artefact;
    throw notThatArtefact(registry, job, environment, live, artefact.digest);
  }

  const whole = (await registry.versions(job.model)).filter(({ problem }) => problem === undefined);
  const newest = whole.at(-1)?.version ?? 1;
  throw new PredawnError(
    'configuration',
    'alias.none',
    `${job.name}: no version of model ${job.model} is live in ${environment} (registry ${registry.location}).`,
    { hint: `Make one live: predawn model promote ${job.model} ${newest} --to ${environment}` },
  );
}

function notThatArtefact(
  registry: Registry,
  job: Job,
  environment: string,
  live: LiveVersion,
  found: string,
): PredawnError {
  return new PredawnError(
    'artefact',
    'artefact.digest',
    `${job.model}@${live.version} in ${registry.location} was replaced after it was made live in ${environment}: it was ${live.digest}, it is ${found}.`,
    {
      hint: `Restore the version from a copy of the registry, or make another one live: predawn model promote ${job.model} VERSION --to ${environment}`,
    },
  );
}
