import type { Command } from 'commander';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { moveJson } from '../../ledger-json.js';
import { positiveInteger } from '../../options.js';
import { type CommonOptions, printResult } from '../../print.js';
import { moveText } from './move-text.js';
import { openRegistry, requireEnvironment } from './open-registry.js';

export function promoteCommand(context: CommandContext): Command {
  return newCommand('promote', 'Make a version live in an environment.', [
    'predawn model promote churn 4 --to production',
  ])
    .argument('<name>', 'model name')
    .argument('<version>', 'which version', positiveInteger)
    .requiredOption('--to <environment>', 'where it becomes live')
    .option('--reason <text>', 'kept in the history')
    .action(
      async (name: string, version: number, options: CommonOptions & { to: string; reason?: string }) => {
        const { project, registry } = await openRegistry(options, context);
        requireEnvironment(options.to, project);
        const before = await registry.alias(name, options.to).catch(() => undefined);
        const move = await registry.promote({
          name,
          version,
          environment: options.to,
          by: context.user,
          reason: options.reason,
        });
        const isLive = before?.version === version;
        printResult(context, options, moveJson(move), () =>
          isLive ? `${name}@${version} is live in ${options.to} already: nothing to do.\n` : moveText(move),
        );
      },
    );
}
