/** One command line of a crontab, as cron understands it. */
export interface CronLine {
  /** The five fields, separated by single spaces. */
  readonly schedule: string;
  /** What the shell is given: up to the first `%` that has no backslash. */
  readonly command: string;
  /** What the command reads: the rest, with a newline for every further such `%`. */
  readonly input: string;
}

export interface Crontab {
  readonly variables: Readonly<Record<string, string>>;
  readonly lines: readonly CronLine[];
}

const VARIABLE = /^("[^"]*"|'[^']*'|[^\s=]+)\s*=\s*(.*)$/;
const FIELDS = /^(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s+(.+)$/;

/**
 * Reads a user's crontab by the rules of crontab(5): variables are taken as they stand, nothing is expanded in them.
 *
 * @throws Error for a line that `crontab` would refuse to install
 */
export function parseCrontab(text: string): Crontab {
  if (!text.endsWith('\n')) throw new Error('the last line has no newline');
  const variables: Record<string, string> = {};
  const lines: CronLine[] = [];
  for (const line of text.split('\n').map((each) => each.replace(/^[ \t]+/, ''))) {
    if (line === '' || line.startsWith('#')) continue;
    const variable = VARIABLE.exec(line);
    const fields = FIELDS.exec(line);
    if (variable) variables[unquoted(variable[1]!)] = unquoted(variable[2]!.trimEnd());
    else if (fields) lines.push({ schedule: fields.slice(1, 6).join(' '), ...splitAtPercent(fields[6]!) });
    else throw new Error(`neither a variable nor five fields and a command: ${line}`);
  }
  return { variables, lines };
}

function splitAtPercent(text: string): { command: string; input: string } {
  const [command = '', ...input] = text.split(/(?<!\\)%/).map((part) => part.replaceAll(String.raw`\%`, '%'));
  return { command, input: input.join('\n') };
}

function unquoted(text: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(text);
  return quoted ? quoted[2]! : text;
}
