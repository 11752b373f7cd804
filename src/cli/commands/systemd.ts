import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { PredawnError } from '../../domain/errors.js';
import { systemdUnits, type Unit, unitName } from '../../schedule/systemd.js';
import { newCommand } from '../command.js';
import type { CommandContext } from '../context.js';
import { NOT_TO_RETRY } from '../exit-codes.js';
import { type InstallOptions, readInstallation } from '../installation.js';
import { nextStep, printResult } from '../print.js';

export function systemdCommand(context: CommandContext): Command {
  return newCommand('systemd', 'Print a systemd service and timer for every job, or install them.', [
    'predawn systemd',
    'predawn systemd --env production --variables predawn.env --install',
    'predawn systemd --install --dir /etc/systemd/system   for the whole machine, as root',
  ])
    .argument('[job...]', 'only these jobs; default: every job that has a schedule')
    .option('--variables <file>', 'file with the variables that predawn.yaml takes from the environment')
    .option('--catch-up', 'run what was missed, too, as far back as schedule.catch_up of each job says')
    .option('--install', 'write them to a folder where systemd looks')
    .option(
      '--dir <folder>',
      'with --install: which; default: that of your own units, ~/.config/systemd/user',
    )
    .action(async (names: readonly string[], options: InstallOptions & { dir?: string }) => {
      const { installation, jobs } = await readInstallation(names, options, context);
      const units = await systemdUnits(installation, jobs, NOT_TO_RETRY);
      const folder = options.install === true ? await write(units, options.dir, context) : undefined;
      const json = { outcome: folder === undefined ? 'printed' : 'installed', folder: folder ?? null, units };
      printResult(context, options, json, (colors) => {
        if (folder === undefined) return units.map(({ name, text }) => `# ${name}\n${text}`).join('\n');
        const timers = jobs.map((job) => `${unitName(installation, job)}.timer`).join(' ');
        const user = folder.includes('/user') ? ' --user' : '';
        const linger =
          user === '' ? '' : '  They run while you are logged in; always, after: loginctl enable-linger\n';
        const enable = `systemctl${user} daemon-reload && systemctl${user} enable --now ${timers}`;
        return `${units.map(({ name }) => `${path.join(folder, name)}\n`).join('')}${nextStep(enable, colors)}${linger}`;
      });
    });
}

async function write(
  units: readonly Unit[],
  given: string | undefined,
  context: CommandContext,
): Promise<string> {
  const folder = given === undefined ? userFolder(context) : path.resolve(context.cwd, given);
  try {
    await mkdir(folder, { recursive: true, mode: 0o755 });
    for (const { name, text } of units) await writeFile(path.join(folder, name), text, { mode: 0o644 });
  } catch (cause) {
    throw new PredawnError('configuration', 'systemd.folder', `The units can't be written to ${folder}.`, {
      hint: 'Give a folder that you may write to as --dir, or become root for /etc/systemd/system.',
      cause,
    });
  }
  return folder;
}

function userFolder({ variables }: CommandContext): string {
  const given = variables['XDG_CONFIG_HOME'] ?? '';
  if (path.isAbsolute(given)) return path.join(given, 'systemd/user');
  const home = variables['HOME'] ?? '';
  if (path.isAbsolute(home)) return path.join(home, '.config/systemd/user');
  throw new PredawnError('usage', 'systemd.folder', 'You have no home folder for units of your own.', {
    hint: 'Give --dir /etc/systemd/system.',
  });
}
