import type { Command } from 'commander';
import { PredawnError } from '../../../domain/errors.js';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { positiveInteger } from '../../options.js';
import { type CommonOptions, printResult } from '../../print.js';
import { manifestText } from '../../render-manifest.js';
import { openRegistry } from './open-registry.js';
import { entryJson, versionsOf } from './versions.js';

export function showCommand(context: CommandContext): Command {
  return newCommand('show', 'Show a version: inputs, outputs, classes, digests.', [
    'predawn model show churn',
    'predawn model show churn 3',
  ])
    .argument('<name>', 'model name')
    .argument('[version]', 'default: the newest', positiveInteger)
    .action(async (name: string, version: number | undefined, options: CommonOptions) => {
      const { project, registry } = await openRegistry(options, context);
      const entries = await versionsOf(name, project, registry);
      const entry =
        version === undefined ? entries.at(-1) : entries.find((known) => known.version === version);
      if (entry === undefined) {
        throw new PredawnError(
          'configuration',
          'version.unknown',
          `${name} has no version ${version ?? ''}.`,
          {
            hint: `It has ${entries.map((known) => known.version).join(', ')}.`,
          },
        );
      }
      const { manifest, problem, environments } = entry;
      if (problem !== undefined) throw problem;
      printResult(context, options, entryJson(entry), (colors) =>
        manifestText(manifest, colors, environments),
      );
    });
}
