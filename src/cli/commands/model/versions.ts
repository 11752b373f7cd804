import type { Project } from '../../../domain/job.js';
import type { Registry } from '../../../domain/registry.js';

/** A model's versions, ascending, each with the environments it is live in, and those it is tried out in. */
export async function versionsOf(name: string, project: Project, registry: Registry) {
  const aliases = await Promise.all(
    project.environments.map(async (environment) => ({
      environment,
      live: await registry.alias(name, environment),
      rollout: (await registry.rollout(name, environment))?.to,
    })),
  );
  return (await registry.versions(name)).map((stored) => {
    const named = aliases.filter(({ live }) => live?.version === stored.version);
    const environments = named.map(({ environment }) => environment);
    // What is live by now is tried out no longer.
    const rollouts = aliases.flatMap(({ environment, live, rollout }) =>
      rollout?.version === stored.version && live?.version !== stored.version
        ? [{ environment, mode: rollout.mode, share: rollout.share }]
        : [],
    );
    return { name, ...stored, environments, rollouts };
  });
}

/** For machines. An error's message would be missing from its JSON. */
export function entryJson({ problem, ...entry }: Awaited<ReturnType<typeof versionsOf>>[number]) {
  return problem === undefined
    ? entry
    : { ...entry, problem: { code: problem.code, message: problem.message, hint: problem.hint } };
}
