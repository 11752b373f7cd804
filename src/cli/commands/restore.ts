import type { Command } from 'commander';
import { PredawnError } from '../../domain/errors.js';
import type { Settings } from '../../domain/job.js';
import type { MoveResult } from '../../domain/slice-move.js';
import { datesBetween, parseDataDate } from '../../domain/window.js';
import { type RestoredDate, restoreSlices } from '../../run/restore-slices.js';
import { using } from '../../run/using.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { findAttempt } from '../find-attempt.js';
import { moveResultJson } from '../ledger-json.js';
import { type CommonOptions, printResult } from '../print.js';
import { errorJson } from '../render-error.js';
import { renderMoveResult } from '../render-move-result.js';
import { restoredTable } from '../render-restored.js';

interface RestoreOptions extends CommonOptions {
  readonly date?: string;
  readonly from?: string;
  readonly to?: string;
  readonly attempt?: string;
  readonly reason?: string;
}

export function restoreCommand(context: CommandContext): Command {
  return newCommand('restore', 'Make an earlier attempt’s predictions the slice again, without scoring.', [
    'predawn restore churn --date 2026-11-20 --reason "wrong model"   the attempt before; again: back',
    'predawn restore churn --attempt 0199f2a1-7b3c                    a given attempt, on its date',
    'predawn restore churn --from 2026-11-18 --to 2026-11-20          each date’s attempt before',
  ])
    .argument('<job>', 'name of the job; its file is not needed')
    .option('--date <YYYY-MM-DD>', 'data date; not needed with --attempt')
    .option('--from <YYYY-MM-DD>', 'first of several data dates; those that are restored already stay so')
    .option('--to <YYYY-MM-DD>', 'last of them')
    .option(
      '--attempt <id>',
      'id of a published attempt, or the start of one; default: the attempt before the last change',
    )
    .option('--reason <text>', 'kept in the ledger')
    .action(async (job: string, options: RestoreOptions) => {
      const settings = await settingsFor(options, context);
      const asked = await whatToRestore(job, options, settings, context);
      const dates = await using(context.services.openPublication(settings), (publication) =>
        restoreSlices(
          publication,
          asked.dates,
          {
            job,
            attemptId: asked.attemptId,
            by: context.user,
            reason: options.reason,
            retain: settings.environment.retain,
            force: false,
            unlessRestored: asked.range,
          },
          context,
        ),
      );
      if (asked.range) reportRange(job, dates, options, context);
      else reportDate(job, dates[0]!, options, context, settings);
    });
}

interface Asked {
  readonly dates: readonly string[];
  readonly range: boolean;
  readonly attemptId: string | undefined;
}

async function whatToRestore(
  job: string,
  { date, from, to, attempt }: RestoreOptions,
  settings: Settings,
  context: CommandContext,
): Promise<Asked> {
  if (from !== undefined || to !== undefined) {
    if (from === undefined || to === undefined) throw usage('--from and --to go together.');
    if (date !== undefined) throw usage('Give --date, or --from and --to, not both.');
    if (attempt !== undefined)
      throw usage('An attempt is of one date: --attempt can’t go with --from and --to.');
    const dates = datesBetween(parseDataDate(from), parseDataDate(to));
    return { dates, range: true, attemptId: undefined };
  }
  const asOf = date === undefined ? undefined : parseDataDate(date);
  if (attempt === undefined) {
    if (asOf === undefined) throw usage('Which date? Give --date, --from and --to, or --attempt.');
    return { dates: [asOf], range: false, attemptId: undefined };
  }
  const entry = await findAttempt(attempt, settings, context);
  if (entry.job !== job || (asOf !== undefined && entry.asOf !== asOf)) {
    throw usage(
      `Attempt ${entry.attemptId} is of ${entry.job} for ${entry.asOf}, not of ${job}${asOf === undefined ? '' : ` for ${asOf}`}.`,
    );
  }
  return { dates: [entry.asOf], range: false, attemptId: entry.attemptId };
}

function reportDate(
  job: string,
  { asOf, result, error }: RestoredDate,
  options: RestoreOptions,
  context: CommandContext,
  settings: Settings,
): void {
  if (result === undefined) throw error ?? new TypeError('neither a result nor an error');
  printResult(context, options, moveResultJson(job, asOf, result), (colors) => {
    const text = renderMoveResult(job, asOf, result, 'restored', colors);
    return `${text}${modelAdvice(result, settings)}`;
  });
}

/** A restore moves predictions, not the model: the next run of the date would publish as before. */
function modelAdvice({ outcome, attempt, replaced }: MoveResult, { environment }: Settings): string {
  if (outcome === 'unchanged' || replaced === undefined || replaced.artefact === attempt.artefact) return '';
  const model = replaced.artefact.slice(0, replaced.artefact.lastIndexOf('@'));
  return `\n  The model that is live is as it was: if ${replaced.artefact} is at fault, roll it back too, or the next run
  publishes its scores again: predawn model rollback ${model} --env ${environment.name}\n`;
}

function reportRange(
  job: string,
  dates: readonly RestoredDate[],
  options: RestoreOptions,
  context: CommandContext,
): void {
  const result = { job, dates: dates.map((date) => dateJson(job, date)) };
  const problems = dates.flatMap(({ error }) => error ?? []);
  const [first] = problems;
  // With --json, the error carries the table: standard output is one document.
  if (first === undefined || options.json !== true) {
    printResult(context, options, result, (colors) => restoredTable(dates, colors));
  }
  if (first === undefined) return;
  const left = dates.filter((date) => date.result === undefined).length;
  throw new PredawnError(
    first.kind,
    first.code,
    `${job}: ${left} of ${dates.length} dates were not restored; the others are.`,
    {
      hint: 'The same command again leaves alone what is restored already, and tries the rest.',
      problems,
      details: { result },
      ...(first.signal && { signal: first.signal }),
    },
  );
}

function dateJson(job: string, { asOf, result, error }: RestoredDate): Record<string, unknown> {
  if (result !== undefined) return moveResultJson(job, asOf, result);
  if (error === undefined) return { job, as_of: asOf, outcome: 'not tried' };
  return { job, as_of: asOf, outcome: 'failed', ...errorJson(error) };
}

function usage(message: string): PredawnError {
  return new PredawnError('usage', 'restore.options', message, { hint: 'See predawn restore --help.' });
}
