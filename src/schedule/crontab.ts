import { cronText, readCronFields } from './cron-fields.js';
import { type InstalledJob, type Installation, runWords } from './installation.js';

const ABOUT = `# Made by "predawn crontab", and made anew by "predawn crontab --install": what is changed here is lost then.
#
# cron mails what a command writes. With --quiet a success writes nothing and a failure one readable page, so mail means
# that something is wrong. It goes to the owner of this crontab, or to MAILTO=you@example.com on a line above; it needs a
# mail program (sendmail) on this machine, without which cron throws the page away. Never MAILTO="", which does so too.
#
# The hours are those of CRON_TZ where cron knows it, as cronie does. Debian's cron does not: there they are the machine's.
#
# minute hour day month weekday   command, where a % is written \\%`;

/** The lines of a crontab that run jobs, between two lines that say whose they are. */
export async function crontabText(
  installation: Installation,
  jobs: readonly InstalledJob[],
): Promise<string> {
  const lines: string[] = [];
  let zone: string | undefined;
  for (const job of jobs) {
    if (job.timezone !== zone) lines.push(`CRON_TZ=${job.timezone}`);
    zone = job.timezone;
    lines.push(`${cronText(await readCronFields(job.cron, job.name))}   ${command(installation, job)}`);
  }
  return [borderText('begin', installation), ABOUT, '', ...lines, borderText('end', installation), ''].join(
    '\n',
  );
}

/**
 * A crontab with the block of one project and environment put in place of the one it has, or at its end: a CRON_TZ
 * holds for the lines below it.
 */
export function withBlock(crontab: string, block: string, installation: Installation): string {
  const [begin, end] = (['begin', 'end'] as const).map((which) => borderText(which, installation));
  const lines = crontab.split('\n');
  const first = lines.indexOf(begin!);
  const last = lines.indexOf(end!, first);
  const others = first === -1 || last === -1 ? lines : [...lines.slice(0, first), ...lines.slice(last + 1)];
  const rest = others.join('\n').trimEnd();
  return rest === '' ? block : `${rest}\n\n${block}`;
}

function borderText(which: 'begin' | 'end', { root, environment }: Installation): string {
  return `# predawn: ${which} ${root} ${environment}`;
}

function command(installation: Installation, job: InstalledJob): string {
  const { node, main, root, envFile } = installation;
  const words = [
    node,
    ...(envFile === undefined ? [] : [`--env-file=${envFile}`]),
    main,
    ...runWords(installation, job),
  ];
  return `cd ${quoted(root)} && ${words.map(quoted).join(' ')}`.replaceAll('%', '\\%');
}

/** For /bin/sh. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
