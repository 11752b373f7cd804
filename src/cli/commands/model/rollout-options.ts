import { PredawnError } from '../../../domain/errors.js';
import type { RolloutMode } from '../../../domain/rollout.js';
import { stopMove } from '../../../domain/rollout-moves.js';
import { type RolloutAsked, startRollout } from '../../../run/rollout/start-rollout.js';
import { environmentVariable } from '../../command.js';
import type { CommandContext } from '../../context.js';
import { type CommonOptions, printResult } from '../../print.js';
import { rolloutMoveJson, rolloutMoveText } from '../../rollout-text.js';
import { openRegistry, requireEnvironment } from './open-registry.js';

export interface RolloutOptions extends CommonOptions {
  readonly stop?: boolean;
  readonly reason?: string;
}

type Plan = Pick<RolloutAsked, 'share' | 'ramp' | 'afterCleanRuns'>;

/** Starts or stops a shadow or canary, as the options say, and says what there is since. */
export async function moveRollout(
  asked: { readonly mode: RolloutMode; readonly name: string; readonly version: number | undefined },
  plan: () => Plan,
  options: RolloutOptions,
  context: CommandContext,
): Promise<void> {
  const { mode, name, version } = asked;
  if (options.stop === true && version !== undefined)
    throw new PredawnError('usage', 'rollout.stop', `--stop ends whatever ${mode} there is.`, {
      hint: 'Leave the version out.',
    });
  const { project, registry } = await openRegistry(options, context);
  const environment = options.env ?? environmentVariable(context) ?? project.environments[0]!;
  requireEnvironment(environment, project);
  const facts = { at: context.now().toISOString(), by: context.user, reason: options.reason };
  const move =
    options.stop === true
      ? await registry.moveRollout(name, environment, (last) =>
          stopMove({ model: name, environment }, last, mode, facts),
        )
      : await startRollout({ registry, project, environment, ...asked, ...plan(), ...facts });
  printResult(context, options, rolloutMoveJson(move!), () => rolloutMoveText(move!));
}
