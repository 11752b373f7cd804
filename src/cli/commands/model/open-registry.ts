import { PredawnError } from '../../../domain/errors.js';
import type { Project } from '../../../domain/job.js';
import type { Registry } from '../../../domain/registry.js';
import { projectFor } from '../../command.js';
import type { CommandContext } from '../../context.js';
import type { CommonOptions } from '../../print.js';

/** The project that the options point at, with its registry. */
export async function openRegistry(
  options: CommonOptions,
  context: CommandContext,
): Promise<{ project: Project; registry: Registry }> {
  const project = await projectFor(options, context);
  return { project, registry: await context.services.openRegistry(project) };
}

/** Throws kind `configuration` where the settings name no such environment. */
export function requireEnvironment(name: string, { environments, path: file }: Project): void {
  if (environments.includes(name)) return;
  throw new PredawnError('configuration', 'environment.unknown', `${file} has no environment ${name}.`, {
    hint: `It has ${environments.join(', ')}.`,
  });
}
