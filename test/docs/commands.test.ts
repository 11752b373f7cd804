import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/program.js';
import type { CommandContext } from '../../src/cli/context.js';
import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import { REPOSITORY } from '../helpers/cli.js';
import { commandsPage } from './commands-page.js';

const program = await buildProgram({
  services: { versions: { predawn: '0' } },
  stdout: { write: () => true, isTTY: false, columns: 100 },
} as unknown as CommandContext);
const readme = readFileSync(path.join(REPOSITORY, 'README.md'), 'utf8');

describe('documentation of commands', () => {
  it('has every command, argument and option', async () => {
    await expect(commandsPage(program)).toMatchFileSnapshot(path.join(REPOSITORY, 'docs/commands.md'));
  });

  it.each(EXIT_CODES.map(({ code }) => code))('has exit code %i in the README', (code) => {
    expect(readme).toMatch(new RegExp(`^\\|[^|]*\\b${code}\\b[^|]*\\|`, 'm'));
  });

  it('shows examples under the help of every command', () => {
    for (const command of program.commands.flatMap((each) =>
      each.commands.length > 0 ? each.commands : [each],
    )) {
      let help = '';
      command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
      expect(help, command.name()).toContain(
        `Examples:\n  predawn ${command.parent?.parent ? `${command.parent.name()} ` : ''}${command.name()}`,
      );
    }
  });
});
