import type { Command } from 'commander';
import { loadJob } from '../../config/jobs.js';
import { scoreOneShard } from '../../run/shards/score-one.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { findAttempt } from '../find-attempt.js';
import { loggedRun } from '../logged-run.js';
import { wholeNumber } from '../options.js';
import { type CommonOptions, printResult } from '../print.js';
import { renderShard, shardJson } from '../render-plan.js';

interface ScoreOptions extends CommonOptions {
  readonly attempt: string;
  readonly shard: number;
}

export function scoreCommand(context: CommandContext): Command {
  return newCommand('score', 'Score one shard of a planned attempt, and commit it once and for all.', [
    'predawn score --attempt 0199f2a1-7b3c --shard 0',
    'predawn score --attempt 0199f2a1-7b3c --shard 0   again: nothing changes, and it exits 0',
  ])
    .requiredOption('--attempt <id>', 'id of an attempt of `predawn plan`, or the start of one')
    .requiredOption('--shard <number>', 'counted from 0', wholeNumber)
    .action(async (options: ScoreOptions) => {
      const settings = await settingsFor(options, context);
      const attempt = await findAttempt(options.attempt, settings, context);
      const job = await loadJob(settings, attempt.job);
      const request = { settings, job, attempt, shard: options.shard };
      const report = await scoreOneShard(request, await loggedRun(attempt.job, options, context));
      printResult(context, options, shardJson(report), (colors) => renderShard(report, colors));
    });
}
