import type { Command } from 'commander';
import { environmentVariable, newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { moveJson } from '../../ledger-json.js';
import { type CommonOptions, printResult } from '../../print.js';
import { moveText } from './move-text.js';
import { openRegistry, requireEnvironment } from './open-registry.js';

export function rollbackCommand(context: CommandContext): Command {
  return newCommand('rollback', 'Make the version that was live before the last move live again.', [
    'predawn model rollback churn --env production --reason "scores drifted"',
  ])
    .argument('<name>', 'model name')
    .option('--reason <text>', 'kept in the history')
    .action(async (name: string, options: CommonOptions & { reason?: string }) => {
      const { project, registry } = await openRegistry(options, context);
      const environment = options.env ?? environmentVariable(context) ?? project.environments[0]!;
      requireEnvironment(environment, project);
      const move = await registry.rollback(name, environment, context.user, options.reason);
      printResult(context, options, moveJson(move), () => moveText(move));
    });
}
