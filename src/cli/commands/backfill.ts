import { type Command, Option } from 'commander';
import type { WhichDates } from '../../schedule/select-dates.js';
import { newCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { positiveInteger } from '../options.js';
import type { CommonOptions } from '../print.js';
import { runSeveralDates } from '../run-dates.js';

interface BackfillOptions extends CommonOptions {
  readonly from: string;
  readonly to?: string;
  readonly only: WhichDates;
  readonly parallel: number;
  readonly force?: boolean;
  readonly report?: string;
}

export function backfillCommand(context: CommandContext): Command {
  return newCommand('backfill', 'Run several data dates of a job in order, each as a run of its own.', [
    'predawn backfill churn --from 2026-11-01 --to 2026-11-20             dates that are not published',
    'predawn backfill churn --from 30d                                    the last 30 days, up to yesterday',
    'predawn backfill churn --from 2026-11-01 --only failed --parallel 2  two at a time',
    'predawn backfill churn --from 2026-11-01 --only all                  with the model that is live now',
  ])
    .argument('<job>', 'name of a job file, without .yaml')
    .requiredOption('--from <YYYY-MM-DD>', 'first data date, or as 7d how many days to go back')
    .option('--to <YYYY-MM-DD>', 'last data date; default: yesterday in the job’s time zone')
    .addOption(
      new Option(
        '--only <which>',
        'missing: dates without a publication; failed: whose last attempt failed; all: every date',
      )
        .choices(['missing', 'failed', 'all'])
        .default('missing'),
    )
    .option('--parallel <count>', 'run so many dates at once', positiveInteger, 1)
    .option('--force', 'publish although the same input is published already, or the date is not over')
    .option('--report <file>', 'write the result, or the error, to a file as JSON')
    .action((job: string, options: BackfillOptions) => {
      const { from, to, only: which, parallel, force = false } = options;
      return runSeveralDates(job, { from, to, which, parallel, force }, options, context);
    });
}
