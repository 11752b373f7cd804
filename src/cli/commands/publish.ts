import type { Command } from 'commander';
import { using } from '../../run/using.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { findAttempt } from '../find-attempt.js';
import { moveResultJson } from '../ledger-json.js';
import { type CommonOptions, nextStep, printResult } from '../print.js';
import { renderMoveResult } from '../render-move-result.js';

interface PublishOptions extends CommonOptions {
  readonly reason?: string;
  readonly force?: boolean;
}

export function publishCommand(context: CommandContext): Command {
  return newCommand('publish', 'Make a staged attempt the slice of its date, in one step.', [
    'predawn publish 0199f2a1-7b3c --reason "scores reviewed"',
  ])
    .argument('<attempt>', 'id of an attempt of `predawn run --stage-only`, or the start of one')
    .option('--reason <text>', 'kept in the ledger')
    .option('--force', 'even over the rows of an attempt that began later')
    .action(async (id: string, options: PublishOptions) => {
      const settings = await settingsFor(options, context);
      const { attemptId, job, asOf } = await findAttempt(id, settings, context);
      const result = await using(context.services.openPublication(settings), (publication) =>
        publication.moveSlice(
          {
            id: context.newAttemptId(),
            action: 'publish-staged',
            job,
            asOf,
            attemptId,
            by: context.user,
            reason: options.reason,
            retain: settings.environment.retain,
            force: options.force ?? false,
            unlessRestored: false,
          },
          context.signal,
        ),
      );
      printResult(context, options, moveResultJson(job, asOf, result), (colors) => {
        const text = renderMoveResult(job, asOf, result, 'published', colors);
        if (result.replaced === undefined) return text;
        return `${text}${nextStep(`predawn restore ${job} --date ${asOf}`, colors)}  That flips back.\n`;
      });
    });
}
