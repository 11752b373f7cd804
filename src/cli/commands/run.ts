import path from 'node:path';
import { type Command, Option } from 'commander';
import { loadJob } from '../../config/jobs.js';
import { PredawnError } from '../../domain/errors.js';
import { failpoint } from '../../domain/failpoint.js';
import type { Receipt } from '../../domain/receipt.js';
import { acceptedGates } from '../../run/accepted-gates.js';
import { openLog } from '../../run/log.js';
import type { RunEvent } from '../../domain/run-events.js';
import { scoreJob } from '../../run/score-job.js';
import { scoreInShards } from '../../run/shards/score-in-shards.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { logLevel } from '../log-level.js';
import { acceptOption, positiveInteger, shardCount } from '../options.js';
import { type CommonOptions, nextStep, printResult } from '../print.js';
import { startProgress } from '../progress.js';
import { type AdvancedCanary, canaryFailureOf, rolloutNextStep } from '../canary-outcome.js';
import { asPredawnError, endingRun, errorJson } from '../render-error.js';
import { renderReceipt } from '../render-receipt.js';
import { openTelling } from '../telling.js';
import { writeReport } from '../write-report.js';

/** Events are logged as information, but for these. */
const LEVELS: Partial<Record<RunEvent['kind'], 'warn' | 'debug'>> = {
  'canary failed': 'warn',
  gate: 'warn',
  dated: 'debug',
  described: 'debug',
  'stage done': 'debug',
};

interface RunOptions extends CommonOptions {
  readonly date?: string;
  readonly dryRun?: boolean;
  readonly force?: boolean;
  readonly limit?: number;
  readonly report?: string;
  readonly compare?: boolean;
  readonly stageOnly?: boolean;
  readonly missing?: boolean;
  readonly since?: string;
  readonly shards?: number;
  readonly resume?: boolean;
  readonly replay?: string;
  readonly accept?: readonly string[];
  readonly reason?: string;
}

export function runCommand(context: CommandContext): Command {
  return newCommand('run', 'Score one data date of a job and publish the predictions.', [
    'predawn run churn                          yesterday, in the job’s time zone',
    'predawn run churn --date 2026-11-20        a given data date',
    'predawn run churn --env production --quiet for cron: nothing is written on success',
    'predawn run churn --dry-run                score and gate, publish nothing',
    'predawn run churn --limit 100 --json       a first look at some rows',
    'predawn run churn --compare                what would change, and why; publishes nothing',
    'predawn run churn --missing --since 7d     every date of the last week that is not published',
    'predawn run churn --stage-only             keep the rows beside the slice, for predawn publish',
    'predawn run churn --shards 16              in parts that are kept: after a crash, the missing ones are scored',
    'predawn run churn --accept row_count --reason "a new market"    publish although that gate blocks',
    'predawn run churn --date 2026-11-20 --replay mended.csv    with rows that were rejected, mended by hand',
    'predawn run churn --resume                 go on with the attempt that died',
  ])
    .argument('<job>', 'name of a job file, without .yaml')
    .option('--date <YYYY-MM-DD>', 'data date; default: yesterday in the job’s time zone')
    .option('--dry-run', 'score and gate, publish nothing')
    .addOption(
      new Option('--compare', 'as --dry-run, and say how the rows differ from the slice, and why').conflicts([
        'stageOnly',
        'limit',
      ]),
    )
    .addOption(
      new Option(
        '--stage-only',
        'score and gate, and keep the rows unpublished beside the slice, for predawn publish',
      ).conflicts(['dryRun', 'limit']),
    )
    .addOption(
      new Option(
        '--shards <count>',
        'cut the input in so many parts, each committed once: an attempt that died goes on with the missing ones',
      )
        .argParser(shardCount)
        .conflicts(['dryRun', 'limit', 'compare']),
    )
    .addOption(
      new Option(
        '--resume',
        'go on with the attempt in shards that died; fail where there is none, or where anything changed',
      ).conflicts(['dryRun', 'limit', 'compare', 'force']),
    )
    .addOption(acceptOption().conflicts('missing'))
    .option('--reason <text>', 'why, for the receipt')
    .addOption(
      new Option(
        '--replay <file>',
        'score mended rows in place of those that are rejected: the file of predawn rejects --csv, one row for each',
      ).conflicts(['shards', 'resume', 'limit', 'missing']),
    )
    .option('--force', 'publish although the same input is published already, or the date is not over')
    .option('--limit <rows>', 'score at most so many rows; never publishes', positiveInteger)
    .option('--report <file>', 'write the receipt, or the error, to a file as JSON')
    .addOption(
      new Option(
        '--missing',
        'with --since: every date that is not published, oldest first, each as a run of its own',
      ).conflicts(['date', 'dryRun', 'compare', 'stageOnly', 'limit', 'force']),
    )
    .option(
      '--since <YYYY-MM-DD>',
      'with --missing: the first date to look at, or as 7d how many days to go back',
    )
    .action((name: string, options: RunOptions) =>
      options.missing === true || options.since !== undefined
        ? runMissing(name, options, context)
        : run(name, options, context),
    );
}

async function runMissing(name: string, options: RunOptions, context: CommandContext): Promise<void> {
  const { missing, since } = options;
  if (missing !== true || since === undefined) {
    throw new PredawnError('usage', 'run.missing', '--missing and --since go together.', {
      hint: `Write predawn run ${name} --missing --since ${since ?? '7d'}.`,
    });
  }
  const request = { from: since, to: undefined, which: 'missing', parallel: 1, force: false } as const;
  const { runSeveralDates } = await import('../run-dates.js');
  await runSeveralDates(name, request, options, context);
}

async function run(name: string, options: RunOptions, context: CommandContext): Promise<void> {
  const { stderr } = context;
  let advanced: AdvancedCanary | undefined;
  let receipt: Receipt | undefined;
  let asOf = options.date;
  const log = await openLog({
    level: logLevel(context, options.quiet === true || stderr.isTTY ? 'error' : 'info'),
    bindings: { job: name },
  });
  const isTrial = options.dryRun === true || options.compare === true || options.limit !== undefined;
  const telling = openTelling({ job: name, date: options.date, isTrial, options, log }, context);
  const progress =
    stderr.isTTY && options.quiet !== true && options.json !== true
      ? startProgress(stderr, name, () => context.now())
      : undefined;

  try {
    const settings = await settingsFor(options, context);
    await telling.begin(settings);
    const job = await loadJob(settings, name);
    const request = {
      settings,
      job,
      replay: options.replay === undefined ? undefined : path.resolve(context.cwd, options.replay),
      accept: acceptedGates(job, options.accept ?? [], options.reason),
      date: options.date,
      dryRun: options.dryRun ?? false,
      force: options.force ?? false,
      limit: options.limit,
      stageOnly: options.stageOnly ?? false,
      compare: options.compare ?? false,
    };
    const running = {
      ...context,
      newAttemptId: () => telling.newAttemptId(),
      onEvent: (event: RunEvent) => {
        progress?.onEvent(event);
        telling.onEvent(event);
        if (event.kind === 'dated') asOf = event.asOf;
        if (event.kind === 'canary advanced') advanced = event;
        if (event.kind !== 'scored') log[LEVELS[event.kind] ?? 'info'](event, event.kind);
      },
    };
    const { shards, resume = false } = options;
    receipt =
      shards !== undefined || resume
        ? await scoreInShards({ ...request, shards, resume }, running)
        : await scoreJob(request, running);
    progress?.stop();
    log.info(
      { attemptId: receipt.attempt_id, rows: receipt.rows, seconds: receipt.seconds },
      receipt.outcome,
    );
    const problem = receipt.rollout?.problem;
    if (problem != null) log.warn(problem, `${receipt.rollout!.mode} failed`);
    const failure = canaryFailureOf(receipt);
    if (failure !== undefined) {
      if (options.json !== true) await printReceipt(receipt);
      throw failure;
    }
    await failpoint('reporting');
    await writeReport(options.report, receipt, context);
    await failpoint('reported');
    await printReceipt(receipt);
    await telling.ended(receipt);
  } catch (thrown) {
    progress?.stop();
    await writeReport(options.report, errorJson(asPredawnError(thrown)), context);
    await telling.ended(receipt, thrown);
    throw endingRun(thrown, name, asOf);
  }

  async function printReceipt(receipt: Receipt): Promise<void> {
    const { comparison } = receipt;
    // What draws tables is loaded for a comparison only.
    const compared = comparison && (await import('../render-comparison.js'));
    printResult(context, options, receipt, (colors) => {
      const text = renderReceipt(receipt, context.cwd, colors);
      if (receipt.outcome === 'staged')
        return text + nextStep(`predawn publish ${receipt.attempt_id}`, colors);
      if (compared !== undefined) return text + compared.renderComparison(comparison!, colors);
      return text + rolloutNextStep(receipt, advanced, colors);
    });
  }
}
