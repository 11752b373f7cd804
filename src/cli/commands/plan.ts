import type { Command } from 'commander';
import { loadJob } from '../../config/jobs.js';
import { planAttempt } from '../../run/shards/plan-attempt.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { loggedRun } from '../logged-run.js';
import { shardCount } from '../options.js';
import { type CommonOptions, printResult } from '../print.js';
import { planJson, renderPlan } from '../render-plan.js';

interface PlanOptions extends CommonOptions {
  readonly date?: string;
  readonly shards: number;
  readonly force?: boolean;
}

export function planCommand(context: CommandContext): Command {
  return newCommand('plan', 'Cut the input of a data date in shards, for predawn score, on any machine.', [
    'predawn plan churn --shards 8',
    'predawn plan churn --shards 8 --json       {"attempt_id": "…", "shards": 8, "missing": [0, 1, …], …}',
  ])
    .argument('<job>', 'name of a job file, without .yaml')
    .requiredOption(
      '--shards <count>',
      'how many; an open attempt that is gone on with keeps its own',
      shardCount,
    )
    .option('--date <YYYY-MM-DD>', 'data date; default: yesterday in the job’s time zone')
    .option('--force', 'plan although the same input is published already, or the date is not over')
    .action(async (name: string, options: PlanOptions) => {
      const settings = await settingsFor(options, context);
      const request = {
        settings,
        job: await loadJob(settings, name),
        date: options.date,
        dryRun: false,
        force: options.force ?? false,
        limit: undefined,
        shards: options.shards,
        resume: false,
      };
      const planned = await planAttempt(request, await loggedRun(name, options, context));
      printResult(context, options, planJson(planned), (colors) => renderPlan(planned, context.cwd, colors));
    });
}
