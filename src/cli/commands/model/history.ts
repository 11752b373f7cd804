import type { Command } from 'commander';
import type { GateReport } from '../../../domain/gate.js';
import type { AliasMove } from '../../../domain/registry.js';
import type { RolloutMove, RolloutState } from '../../../domain/rollout.js';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { moveJson } from '../../ledger-json.js';
import { type CommonOptions, printResult } from '../../print.js';
import { renderGate } from '../../render-gate.js';
import { rolloutMoveJson, stateText } from '../../rollout-text.js';
import { renderTable } from '../../render-table.js';
import { openRegistry } from './open-registry.js';

interface HistoryOptions extends CommonOptions {
  readonly gates?: boolean;
}

export function historyCommand(context: CommandContext): Command {
  return newCommand(
    'history',
    'List every move of a model’s aliases, shadows and canaries with what its gate found, oldest first.',
    ['predawn model history churn', 'predawn model history churn --env production --gates'],
  )
    .argument('<name>', 'model name')
    .option('--gates', 'show the whole report of every gate')
    .action(async (name: string, options: HistoryOptions) => {
      const { registry } = await openRegistry(options, context);
      const { env } = options;
      const [aliases, rollouts] = await Promise.all([registry.history(name), registry.rollouts(name)]);
      const isAsked = ({ environment }: HistoryMove) => env === undefined || environment === env;
      const moves = byTime(aliases, rollouts).filter(isAsked);
      printResult(context, options, moves.map(anyMoveJson), (colors) =>
        moves.length === 0
          ? `No version of ${name} was ever live${env === undefined ? '' : ` in ${env}`}.\n`
          : `${historyTable(moves, colors)}${options.gates === true ? reports(aliases.filter(isAsked), colors) : ''}`,
      );
    });
}

type HistoryMove = AliasMove | RolloutMove;

/** Each kind stays in its own order, whatever the clocks said. */
function byTime(aliases: readonly AliasMove[], rollouts: readonly RolloutMove[]): HistoryMove[] {
  const merged: HistoryMove[] = [];
  let next = 0;
  for (const move of aliases) {
    while (next < rollouts.length && rollouts[next]!.at < move.at) merged.push(rollouts[next++]!);
    merged.push(move);
  }
  return [...merged, ...rollouts.slice(next)];
}

/** What of a model moved says `kind`: `alias` or `rollout`. */
function anyMoveJson(move: HistoryMove): Record<string, unknown> {
  return isRollout(move)
    ? { kind: 'rollout', ...rolloutMoveJson(move) }
    : { kind: 'alias', ...moveJson(move) };
}

function isRollout(move: HistoryMove): move is RolloutMove {
  return 'run' in move;
}

function historyTable(moves: readonly HistoryMove[], colors: boolean): string {
  return renderTable(
    ['at', 'environment', 'action', 'from', 'to', 'by', 'gate', 'reason'],
    moves.map((move) => [
      move.at.slice(0, 19).replace('T', ' '),
      move.environment,
      ...(isRollout(move)
        ? [rolloutAction(move), sideText(move.from), sideText(move.to), move.by, '–', rolloutReason(move)]
        : [move.action, move.from ?? '–', move.to, move.by, gateText(move), move.reason ?? '']),
    ]),
    colors,
  );
}

/** `canary start`, `shadow stop`. */
function rolloutAction({ action, from, to }: RolloutMove): string {
  return `${(to ?? from)!.mode} ${action}`;
}

/** `4 (canary 5 %)`. */
function sideText(state: RolloutState | undefined): string {
  return state === undefined ? '–' : `${state.version} (${stateText(state)})`;
}

function rolloutReason({ reason, run }: RolloutMove): string {
  const where = run === undefined ? '' : `${run.job} ${run.asOf}`;
  return [where, reason ?? ''].filter((part) => part !== '').join(': ');
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
