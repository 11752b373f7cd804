import type { Command } from 'commander';
import { loadJob } from '../../config/jobs.js';
import { PredawnError } from '../../domain/errors.js';
import type { Settings } from '../../domain/job.js';
import type { LedgerEntry } from '../../domain/ledger.js';
import { acceptedGates } from '../../run/accepted-gates.js';
import { publishAttempt } from '../../run/shards/publish-attempt.js';
import { using } from '../../run/using.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { findAttempt } from '../find-attempt.js';
import { moveResultJson } from '../ledger-json.js';
import { loggedRun } from '../logged-run.js';
import { acceptOption } from '../options.js';
import { type CommonOptions, nextStep, printResult } from '../print.js';
import { renderMoveResult } from '../render-move-result.js';
import { renderReceipt } from '../render-receipt.js';

interface PublishOptions extends CommonOptions {
  readonly reason?: string;
  readonly force?: boolean;
  readonly accept?: readonly string[];
}

export function publishCommand(context: CommandContext): Command {
  return newCommand(
    'publish',
    'Make a staged attempt, or one whose shards are all scored, the slice of its date.',
    [
      'predawn publish 0199f2a1-7b3c --reason "scores reviewed"',
      'predawn publish 0199f2a1-7b3c --accept row_count --reason "a new market"    a planned attempt that this gate blocks',
    ],
  )
    .argument(
      '<attempt>',
      'id of an attempt of `predawn run --stage-only` or `predawn plan`, or the start of one',
    )
    .addOption(acceptOption())
    .option('--reason <text>', 'kept in the ledger')
    .option('--force', 'even over the rows of an attempt that began later')
    .action(async (id: string, options: PublishOptions) => {
      const settings = await settingsFor(options, context);
      const entry = await findAttempt(id, settings, context);
      if (isPlanned(entry)) return publishPlanned(entry, settings, options, context);
      if (options.accept !== undefined) throw passedItsGates(entry);
      const { attemptId, job, asOf } = entry;
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

/** One that has its shards yet, or had them until it was published; or that found its work done when it was planned. */
function isPlanned({ shards, status }: LedgerEntry): boolean {
  return status === 'unchanged' || (shards !== undefined && status !== 'staged');
}

function passedItsGates({ attemptId }: LedgerEntry): PredawnError {
  return new PredawnError(
    'usage',
    'publish.options',
    `Attempt ${attemptId} is staged: it has passed its gates, and there is none to accept.`,
    { hint: `predawn publish ${attemptId} --reason "why"` },
  );
}

/** The end of a run: gates, the slice, the receipt. */
async function publishPlanned(
  entry: LedgerEntry,
  settings: Settings,
  options: PublishOptions,
  context: CommandContext,
): Promise<void> {
  const { accept = [], reason, force } = options;
  if (force === true || (reason !== undefined && accept.length === 0)) {
    throw new PredawnError(
      'usage',
      'publish.options',
      `Attempt ${entry.attemptId} is in shards: --force, and --reason without --accept, are for staged attempts.`,
      { hint: `predawn publish ${entry.attemptId}` },
    );
  }
  const job = await loadJob(settings, entry.job);
  const request = { settings, job, stageOnly: false, accept: acceptedGates(job, accept, reason) };
  const receipt = await publishAttempt(entry, request, await loggedRun(entry.job, options, context));
  printResult(context, options, receipt, (colors) => renderReceipt(receipt, context.cwd, colors));
}
