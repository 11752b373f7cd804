import type { Command } from 'commander';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { positiveInteger } from '../../options.js';
import { moveRollout, type RolloutOptions } from './rollout-options.js';

export function shadowCommand(context: CommandContext): Command {
  return newCommand(
    'shadow',
    'Have a version score every row of every run beside the live one, into a table of its own.',
    ['predawn model shadow churn 4 --env production', 'predawn model shadow churn --env production --stop'],
  )
    .argument('<name>', 'model name')
    .argument('[version]', 'default: the newest', positiveInteger)
    .option('--stop', 'end the shadow')
    .option('--reason <text>', 'kept in the history')
    .action((name: string, version: number | undefined, options: RolloutOptions) =>
      moveRollout(
        { mode: 'shadow', name, version },
        () => ({ share: 1, ramp: [1], afterCleanRuns: 1 }),
        options,
        context,
      ),
    );
}
