import type { Command } from 'commander';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';

/** docs/commands.md, from the program itself. */
export function commandsPage(program: Command): string {
  return [
    '# Commands',
    '',
    'Made from the program by `npx vitest run test/docs -u`; a test holds it equal to what `--help` says.',
    '',
    ...program.commands.flatMap((command) => section(command, program.name())),
    '## Exit codes',
    '',
    '| code | meaning | does a retry help? |',
    '| --- | --- | --- |',
    ...EXIT_CODES.map(({ code, meaning, retry }) => `| ${code} | ${meaning} | ${retry} |`),
    '',
    '## Environment variables',
    '',
    '| variable | what it does |',
    '| --- | --- |',
    '| `PREDAWN_ENV` | the environment, where `--env` is not given |',
    '| `PREDAWN_CONFIG` | the settings file, where `--config` is not given |',
    '| `PREDAWN_LOG_LEVEL` | `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`; logs are JSON lines on stderr. Default: `error` on a terminal and with `--quiet`, else `info` |',
    '| `NO_COLOR`, `FORCE_COLOR` | no colours, or colours everywhere |',
    '',
  ].join('\n');
}

function section(command: Command, parent: string): string[] {
  const name = `${parent} ${command.name()}`;
  if (command.commands.length > 0) return command.commands.flatMap((subcommand) => section(subcommand, name));
  const entries = [
    ...command.registeredArguments.map((argument) => ({
      term: argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      text:
        argument.description +
        (argument.argChoices === undefined ? '' : `: ${argument.argChoices.join(' or ')}`),
    })),
    ...command.options.map((option) => ({
      term: option.flags,
      text:
        option.description +
        (option.defaultValue === undefined ? '' : ` (default: ${String(option.defaultValue)})`),
    })),
  ];
  return [
    `## ${name}`,
    '',
    command.description(),
    '',
    '| argument or option | |',
    '| --- | --- |',
    ...entries.map(({ term, text }) => `| \`${term}\` | ${text.replaceAll('|', '\\|')} |`),
    '',
  ];
}
