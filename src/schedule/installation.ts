/** What is written into a crontab or a unit: who runs what where. Paths are absolute. */
export interface Installation {
  /** Node.js. */
  readonly node: string;
  /** The program's entry file. */
  readonly main: string;
  /** The project's folder. */
  readonly root: string;
  /** The settings, where they have another name than predawn.yaml there. */
  readonly settings: string | undefined;
  readonly environment: string;
  /** A file with variables, one NAME=value a line, that only the job's user can read. */
  readonly envFile: string | undefined;
  /** Whether runs catch up what was missed, as far back as each job says. */
  readonly catchUp: boolean;
}

export interface InstalledJob {
  readonly name: string;
  readonly cron: string;
  readonly timezone: string;
  readonly catchUpDays: number;
}

/** The words of the command that runs a job. */
export function runWords(
  { settings, environment, catchUp }: Installation,
  { name, catchUpDays }: InstalledJob,
): readonly string[] {
  return [
    ...['run', name, '--env', environment],
    ...(settings === undefined ? [] : ['--config', settings]),
    ...(catchUp ? ['--missing', '--since', `${catchUpDays}d`] : []),
    '--quiet',
  ];
}
