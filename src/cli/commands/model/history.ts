import type { Command } from 'commander';
import type { GateReport } from '../../../domain/gate.js';
import type { AliasMove } from '../../../domain/registry.js';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { moveJson } from '../../ledger-json.js';
import { type CommonOptions, printResult } from '../../print.js';
import { renderGate } from '../../render-gate.js';
import { renderTable } from '../../render-table.js';
import { openRegistry } from './open-registry.js';

interface HistoryOptions extends CommonOptions {
  readonly gates?: boolean;
}

export function historyCommand(context: CommandContext): Command {
  return newCommand(
    'history',
    'List every move of a model’s aliases with what its gate found, oldest first.',
    ['predawn model history churn', 'predawn model history churn --env production --gates'],
  )
    .argument('<name>', 'model name')
    .option('--gates', 'show the whole report of every gate')
    .action(async (name: string, options: HistoryOptions) => {
      const { registry } = await openRegistry(options, context);
      const { env } = options;
      const moves = (await registry.history(name)).filter(
        ({ environment }) => env === undefined || environment === env,
      );
      printResult(context, options, moves.map(moveJson), (colors) =>
        moves.length === 0
          ? `No version of ${name} was ever live${env === undefined ? '' : ` in ${env}`}.\n`
          : `${historyTable(moves, colors)}${options.gates === true ? reports(moves, colors) : ''}`,
      );
    });
}

function historyTable(moves: readonly AliasMove[], colors: boolean): string {
  return renderTable(
    ['at', 'environment', 'action', 'from', 'to', 'by', 'gate', 'reason'],
    moves.map((move) => [
      move.at.slice(0, 19).replace('T', ' '),
      move.environment,
      move.action,
      move.from ?? '–',
      move.to,
      move.by,
      gateText(move),
      move.reason ?? '',
    ]),
    colors,
  );
}

/** `passed`, `accepted max_label_change`, or that there was none. */
function gateText({ gate, accepted }: AliasMove): string {
  if (gate === undefined) return '–';
  if (accepted === undefined) return 'passed';
  return `accepted ${accepted.map(({ check }) => check).join(', ')}`;
}

function reports(moves: readonly AliasMove[], colors: boolean): string {
  return moves
    .flatMap(({ at, gate, accepted }) => {
      if (gate === undefined) return [];
      // Written by `promote`, and sealed with the move's digest since.
      return `\n${at}\n${renderGate(gate as unknown as GateReport, colors, accepted)}`;
    })
    .join('');
}
