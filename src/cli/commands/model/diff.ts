import type { Command } from 'commander';
import { diffVersions } from '../../../run/diff-versions.js';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { positiveInteger } from '../../options.js';
import { type CommonOptions, printResult } from '../../print.js';
import { renderDifference } from '../../render-difference.js';
import { openRegistry } from './open-registry.js';

export function diffCommand(context: CommandContext): Command {
  return newCommand(
    'diff',
    'Compare two versions: what they take and give, their manifests, their scores for golden rows.',
    ['predawn model diff churn 3 4', 'predawn model diff churn 3 4 --json'],
  )
    .argument('<name>', 'model name')
    .argument('<from>', 'a version', positiveInteger)
    .argument('<to>', 'the version to compare it with', positiveInteger)
    .action(async (name: string, from: number, to: number, options: CommonOptions) => {
      const { registry } = await openRegistry(options, context);
      const [one, other] = [await registry.load(name, from), await registry.load(name, to)];
      const difference = await diffVersions(one, other, context.services);
      printResult(context, options, difference, (colors) => renderDifference(difference, colors));
    });
}
