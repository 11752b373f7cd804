import type { Command } from 'commander';
import { PredawnError } from '../../../domain/errors.js';
import { newCommand } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { positiveInteger } from '../../options.js';
import { rampOption, shareOption } from '../../shares.js';
import { moveRollout, type RolloutOptions } from './rollout-options.js';

interface CanaryOptions extends RolloutOptions {
  readonly share?: number;
  readonly ramp?: readonly number[];
  readonly afterCleanRuns?: number;
}

const DEFAULT_CLEAN_RUNS = 3;

export function canaryCommand(context: CommandContext): Command {
  return newCommand(
    'canary',
    'Have a version score and publish the rows of a share of the keys, instead of the live one.',
    [
      'predawn model canary churn 4 --env production --share 5%',
      'predawn model canary churn 4 --env production --ramp 5,25,100 --after-clean-runs 3',
      'predawn model canary churn --env production --stop --reason "complaints"',
    ],
  )
    .argument('<name>', 'model name')
    .argument('[version]', 'default: the newest', positiveInteger)
    .option('--share <percent>', 'share of the keys: 5%; with --ramp, the step to begin with', shareOption)
    .option('--ramp <percents>', 'ascending shares to go through: 5,25,100', rampOption)
    .option(
      '--after-clean-runs <number>',
      `with --ramp: runs whose checks hold before the next share; default: ${DEFAULT_CLEAN_RUNS}`,
      positiveInteger,
    )
    .option('--stop', 'end the canary')
    .option('--reason <text>', 'kept in the history')
    .action((name: string, version: number | undefined, options: CanaryOptions) =>
      moveRollout({ mode: 'canary', name, version }, () => planOf(options), options, context),
    );
}

function planOf({ share, ramp, afterCleanRuns }: CanaryOptions) {
  if (share === undefined && ramp === undefined)
    throw wrong(
      'canary.share',
      'A canary needs to know of how many keys.',
      'Add --share 5%, or --ramp 5,25,100.',
    );
  if (afterCleanRuns !== undefined && ramp === undefined)
    throw wrong(
      'canary.ramp',
      '--after-clean-runs needs --ramp.',
      'Say through which shares: --ramp 5,25,100.',
    );
  if (share !== undefined && ramp !== undefined && !ramp.includes(share))
    throw wrong(
      'canary.ramp',
      '--share must be one of the shares of --ramp.',
      'Leave --share out to begin with the first.',
    );
  const shares = ramp ?? [share!];
  return { share: share ?? shares[0]!, ramp: shares, afterCleanRuns: afterCleanRuns ?? DEFAULT_CLEAN_RUNS };
}

function wrong(code: string, message: string, hint: string): PredawnError {
  return new PredawnError('usage', code, message, { hint });
}
