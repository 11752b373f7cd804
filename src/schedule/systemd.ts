import { onCalendarText, readCronFields } from './cron-fields.js';
import { type InstalledJob, type Installation, runWords } from './installation.js';

/** A file for systemd. */
export interface Unit {
  readonly name: string;
  readonly text: string;
}

const MADE =
  '# Made by "predawn systemd", and made anew by "predawn systemd --install": what is changed here is lost then.';
/** With a try every ten minutes: until noon for a job of six. */
const TRIES = 36;

/**
 * A service and a timer for each job.
 *
 * @param never exit codes after which another try gives the same
 */
export async function systemdUnits(
  installation: Installation,
  jobs: readonly InstalledJob[],
  never: readonly number[],
): Promise<readonly Unit[]> {
  const units: Unit[] = [];
  for (const job of jobs) {
    const name = unitName(installation, job);
    const calendar = onCalendarText(await readCronFields(job.cron, job.name), job.timezone);
    units.push({ name: `${name}.service`, text: serviceText(installation, job, never) });
    units.push({ name: `${name}.timer`, text: timerText(installation, job, calendar) });
  }
  return units;
}

/** Without ending: `predawn-production-churn`. */
export function unitName({ environment }: Installation, { name }: InstalledJob): string {
  return `predawn-${environment}-${name}`;
}

function serviceText(installation: Installation, job: InstalledJob, never: readonly number[]): string {
  const { node, main, root, envFile, environment } = installation;
  const words = [node, main, ...runWords(installation, job)].map(quoted);
  return `${MADE}
[Unit]
Description=predawn run ${job.name} in ${environment}
StartLimitIntervalSec=12h
StartLimitBurst=${TRIES}

[Service]
Type=oneshot
WorkingDirectory=${escaped(root)}
${envFile === undefined ? '' : `EnvironmentFile=${escaped(envFile)}\n`}ExecStart=${words.join(' ')}
Restart=on-failure
RestartSec=10min
RestartPreventExitStatus=${never.join(' ')}
# A run that has processes of its own tells them to stop itself.
KillMode=mixed
`;
}

function timerText({ environment }: Installation, { name }: InstalledJob, calendar: string): string {
  return `${MADE}
[Unit]
Description=When to run ${name} in ${environment}

[Timer]
OnCalendar=${calendar}
# A time that passed while the machine was off is made up for when it is on again.
Persistent=true

[Install]
WantedBy=timers.target
`;
}

/** For ExecStart: systemd fills in %… and $…, and splits at blanks that are not quoted. */
function quoted(word: string): string {
  const plain = escaped(word).replaceAll('$', '$$$$');
  return /^[\w@%+=:,./$-]+$/.test(plain)
    ? plain
    : `"${plain.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}
