import { PredawnError } from '../../domain/errors.js';
import type { Project } from '../../domain/job.js';
import type { Artefact, LiveVersion, Registry } from '../../domain/registry.js';
import type { RolloutMode, RolloutMove } from '../../domain/rollout.js';
import { startMove } from '../../domain/rollout-moves.js';
import { requireLiveBefore } from '../promote.js';

/** A version that is to be tried out beside the live one. */
export interface RolloutAsked {
  readonly registry: Registry;
  readonly project: Project;
  readonly name: string;
  /** Undefined: the newest. */
  readonly version: number | undefined;
  readonly environment: string;
  readonly mode: RolloutMode;
  /** 0 to 1; 1 for a shadow. */
  readonly share: number;
  /** Ascending, `share` among them. */
  readonly ramp: readonly number[];
  readonly afterCleanRuns: number;
  readonly by: string;
  readonly reason: string | undefined;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/**
 * Begins to try a version out beside the live one; in the place of another that is tried out there. A canary publishes
 * what it predicts, so that its version must be where a promotion would ask it to be: live in the environment before,
 * and with golden rows where the environment has a gate. The gate itself is for the promotion.
 *
 * @throws PredawnError kind `configuration` where nothing is live there, where that very version is, and where a canary
 *   is not yet allowed; `artefact` for a version that is damaged
 */
export async function startRollout(asked: RolloutAsked): Promise<RolloutMove> {
  const { registry, name, environment, mode, share, ramp, afterCleanRuns, by, reason, at } = asked;
  const version = asked.version ?? (await registry.versions(name)).at(-1)!.version;
  const candidate = await registry.load(name, version);
  requireOther(await registry.alias(name, environment), asked, version);
  if (mode === 'canary') {
    await requireLiveBefore({ ...asked, version }, candidate);
    requireGolden(asked, candidate);
  }
  const to = { mode, version, digest: candidate.digest, share, ramp, afterCleanRuns };
  const move = await registry.moveRollout(name, environment, (last) =>
    startMove({ model: name, environment }, last, to, { at, by, reason }),
  );
  return move!;
}

function requireOther(
  live: LiveVersion | undefined,
  { name, environment, mode }: RolloutAsked,
  version: number,
): void {
  if (live !== undefined && live.version !== version) return;
  throw live === undefined
    ? new PredawnError(
        'configuration',
        'rollout.nothing_live',
        `Nothing of ${name} is live in ${environment}, so that there is nothing to try ${name}@${version} beside.`,
        { hint: `Make it live: predawn model promote ${name} ${version} --to ${environment}` },
      )
    : new PredawnError(
        'configuration',
        'rollout.live',
        `${name}@${version} is live in ${environment}: it can't be its own ${mode}.`,
        { hint: `Name another version: predawn model ${mode} ${name} VERSION --env ${environment}` },
      );
}

function requireGolden({ name, environment, project }: RolloutAsked, { manifest }: Artefact): void {
  const gate = Object.hasOwn(project.promotion, environment) && project.promotion[environment]?.gate;
  if (!gate || manifest.golden !== undefined) return;
  throw new PredawnError(
    'configuration',
    'rollout.unverified',
    `${name}@${manifest.version} has no golden rows: ${environment}, which has a gate, publishes nothing that it predicts.`,
    { hint: `Add it once more with them: predawn model add ${name} FILE.onnx --golden ROWS.csv` },
  );
}
