import type { Command } from 'commander';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { moveJson } from '../../ledger-json.js';
import { type CommonOptions, printResult } from '../../print.js';
import { renderTable } from '../../render-table.js';
import { openRegistry } from './open-registry.js';

export function historyCommand(context: CommandContext): Command {
  return newCommand('history', 'List every move of a model’s aliases, oldest first.', [
    'predawn model history churn',
  ])
    .argument('<name>', 'model name')
    .action(async (name: string, options: CommonOptions) => {
      const { registry } = await openRegistry(options, context);
      const moves = await registry.history(name);
      printResult(context, options, moves.map(moveJson), (colors) =>
        renderTable(
          ['at', 'environment', 'action', 'from', 'to', 'by', 'reason'],
          moves.map((move) => [
            move.at.slice(0, 19).replace('T', ' '),
            move.environment,
            move.action,
            move.from ?? '–',
            move.to,
            move.by,
            move.reason ?? '',
          ]),
          colors,
        ),
      );
    });
}
