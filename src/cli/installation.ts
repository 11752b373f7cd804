import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { environmentNamed } from '../config/settings.js';
import { PredawnError } from '../domain/errors.js';
import type { InstalledJob, Installation } from '../schedule/installation.js';
import { environmentVariable, projectFor } from './command.js';
import type { CommandContext } from './context.js';
import type { CommonOptions } from './print.js';
import { isScheduled, loadJobs, noSchedule } from './scheduled-jobs.js';

export interface InstallOptions extends CommonOptions {
  /** Not --env-file: Node.js 20 takes an option of that name for its own, wherever it stands. */
  readonly variables?: string;
  readonly catchUp?: boolean;
  readonly install?: boolean;
}

const SETTINGS = 'predawn.yaml';

/** What is to be installed: nothing of it needs the environment's variables, so no password is asked for. */
export async function readInstallation(
  names: readonly string[],
  options: InstallOptions,
  context: CommandContext,
): Promise<{ installation: Installation; jobs: readonly InstalledJob[] }> {
  const project = await projectFor(options, context);
  const environment = environmentNamed(options.env ?? environmentVariable(context), project);
  const jobs = (await loadJobs(names, project)).filter(isScheduled);
  if (jobs.length === 0) throw noSchedule(project, 'Write one into a job file: schedule: "0 6 * * *".');
  const installation: Installation = {
    node: context.program[0]!,
    main: context.program.at(-1)!,
    root: project.root,
    settings: path.basename(project.path) === SETTINGS ? undefined : project.path,
    environment,
    envFile: options.variables === undefined ? undefined : await existing(options.variables, context),
    catchUp: options.catchUp ?? false,
  };
  // No crontab and no unit can say such a path.
  const places = [installation.node, installation.main, project.path, installation.envFile ?? ''];
  // eslint-disable-next-line no-control-regex -- control characters are what must not pass
  if (places.some((place) => /[\u0000-\u001f]/.test(place))) {
    throw new PredawnError(
      'configuration',
      'install.path',
      'A path of this project has a control character.',
      {
        hint: 'Give its folder another name.',
      },
    );
  }
  return {
    installation,
    jobs: jobs.map(({ name, timezone, schedule: { cron, catchUpDays } }) => ({
      name,
      timezone,
      cron,
      catchUpDays,
    })),
  };
}

async function existing(file: string, { cwd }: CommandContext): Promise<string> {
  try {
    return await realpath(path.resolve(cwd, file));
  } catch (cause) {
    throw new PredawnError('usage', 'install.env_file', `There is no file ${file}.`, {
      hint: 'It holds NAME=value lines for what predawn.yaml takes from the environment; only its user should read it.',
      cause,
    });
  }
}
