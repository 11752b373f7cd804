import { describeError, PredawnError } from '../../domain/errors.js';
import type { Job, Settings } from '../../domain/job.js';
import type { Artefact, Registry } from '../../domain/registry.js';
import { type CanaryRules, NO_CEILINGS, type RolloutState } from '../../domain/rollout.js';
import type { Services } from '../services.js';
import { openVerifiedModel } from '../verified-model.js';

/** What is tried out beside the live version in a run, fixed for the whole of it. */
export interface Rollout {
  readonly state: RolloutState;
  /** `churn@4`. */
  readonly label: string;
  readonly rules: CanaryRules;
  /** Its bytes, checked, its golden rows scored; or why it can't be scored with. */
  readonly candidate: Artefact | PredawnError;
}

/**
 * The shadow or canary of a job's model in an environment; undefined where there is none, where its share is 0, and
 * where it is live by now.
 *
 * @throws PredawnError for a registry that can't be read; a candidate that can't be scored with is given as such
 */
export async function findRollout(
  registry: Registry,
  job: Job,
  { environment, promotion }: Settings,
  live: Artefact,
  services: Services,
): Promise<Rollout | undefined> {
  const state = (await registry.rollout(job.model, environment.name))?.to;
  if (state === undefined || state.share === 0) return undefined;
  if (state.version === live.manifest.version && state.digest === live.digest) return undefined;
  const candidate = await loadCandidate(registry, job.model, state, services);
  // A registry that can't be reached says nothing of a canary; a shadow must not keep a run from publishing.
  if (candidate instanceof PredawnError && candidate.kind === 'unavailable' && state.mode === 'canary')
    throw candidate;
  const rules =
    (Object.hasOwn(promotion, environment.name) && promotion[environment.name]!.canary) || NO_CEILINGS;
  return { state, label: `${job.model}@${state.version}`, rules, candidate };
}

async function loadCandidate(
  registry: Registry,
  model: string,
  { version, digest }: RolloutState,
  services: Services,
): Promise<Artefact | PredawnError> {
  try {
    const artefact = await registry.load(model, version);
    if (artefact.digest !== digest) throw replaced(model, version);
    await (await openVerifiedModel(artefact, services)).close();
    return artefact;
  } catch (error) {
    if (error instanceof PredawnError) return error;
    return new PredawnError('artefact', 'candidate.threw', describeError(error), { cause: error });
  }
}

function replaced(model: string, version: number): PredawnError {
  return new PredawnError(
    'artefact',
    'artefact.digest',
    `${model}@${version} was replaced in the registry after it was chosen to be tried out.`,
  );
}
