import type { Command } from 'commander';
import pc from 'picocolors';
import { listJobs, loadJob } from '../../config/jobs.js';
import { combine, type PredawnError } from '../../domain/errors.js';
import type { Settings } from '../../domain/job.js';
import { validateJob, type JobValidation } from '../../run/validate-job.js';
import { newCommand, settingsFor } from '../command.js';
import type { CommandContext } from '../context.js';
import { type CommonOptions, nextStep, printResult } from '../print.js';

export function validateCommand(context: CommandContext): Command {
  return newCommand(
    'validate',
    'Check settings, job files, models, inputs and rights; report everything wrong at once.',
    ['predawn validate', 'predawn validate churn --env production --date 2026-11-20'],
  )
    .argument('[job]', 'only this job; default: all')
    .option('--date <YYYY-MM-DD>', 'the input to look at; default: yesterday in the job’s time zone')
    .action(async (name: string | undefined, options: CommonOptions & { date?: string }) => {
      const settings = await settingsFor(options, context);
      const names = name === undefined ? await listJobs(settings) : [name];
      const validations: JobValidation[] = [];
      for (const each of names)
        validations.push(
          await validateJob(settings, each, () => loadJob(settings, each), options.date, context),
        );

      const problems = [
        ...(await notifyProblems(settings, context)),
        ...validations.flatMap((validation) => validation.problems),
      ];
      if (problems.length > 0) {
        throw combine(
          problems,
          `${problems.length} problems in ${settings.environment.name} (${settings.path}).`,
        );
      }
      printResult(context, options, { valid: true, jobs: validations }, (colors) => {
        const lines = validations.map((validation) => validationText(validation, colors));
        return `${lines.join('')}${nextStep(`predawn run ${names[0] ?? 'JOB'} --env ${settings.environment.name}${options.date === undefined ? '' : ` --date ${options.date}`}`, colors)}`;
      });
    });
}

/** Whoever can't be told of a run; a run itself would only say so in its log. */
async function notifyProblems(
  { environment }: Settings,
  { services }: CommandContext,
): Promise<PredawnError[]> {
  const { notify } = environment;
  if (notify === undefined) return [];
  const checks = (await services.receivers(notify)).map((receiver) => receiver.check());
  return [...notify.problems, ...(await Promise.all(checks)).filter((problem) => problem !== undefined)];
}

function validationText({ job, checks }: JobValidation, colors: boolean): string {
  const { green, bold } = pc.createColors(colors);
  return `${green('✓')} ${bold(job)}\n${checks.map((check) => `    ${check}\n`).join('')}`;
}
