import type { Command } from 'commander';
import { crontabText, withBlock } from '../../schedule/crontab.js';
import { readUserCrontab, writeUserCrontab } from '../../schedule/user-crontab.js';
import { newCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { type InstallOptions, readInstallation } from '../installation.js';
import { nextStep, printResult } from '../print.js';

export function crontabCommand(context: CommandContext): Command {
  return newCommand(
    'crontab',
    'Print the lines of a crontab that run every job at its time, or install them.',
    ['predawn crontab', 'predawn crontab --env production --variables predawn.env --install'],
  )
    .argument('[job...]', 'only these jobs; default: every job that has a schedule')
    .option('--variables <file>', 'file with the variables that predawn.yaml takes from the environment')
    .option('--catch-up', 'run what was missed, too, as far back as schedule.catch_up of each job says')
    .option('--install', 'put them into your crontab, in place of those of this project and environment')
    .action(async (names: readonly string[], options: InstallOptions) => {
      const { installation, jobs } = await readInstallation(names, options, context);
      const block = await crontabText(installation, jobs);
      if (options.install === true) {
        const { variables } = context;
        await writeUserCrontab(withBlock(await readUserCrontab(variables), block, installation), variables);
      }
      const done = options.install === true ? 'installed' : 'printed';
      printResult(context, options, { outcome: done, crontab: block }, (colors) => {
        if (options.install !== true) return block;
        const names = jobs.map(({ name }) => name).join(', ');
        return `Your crontab runs ${names} in ${installation.environment}.\n${nextStep('crontab -l', colors)}`;
      });
    });
}
