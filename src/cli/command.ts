import { Command } from 'commander';
import { findSettings, loadProject, loadSettings, type SettingsRequest } from '../config/settings.js';
import type { Project, Settings } from '../domain/job.js';
import type { CommandContext } from './context.js';
import type { CommonOptions } from './print.js';

/** A command with the options that all have, and examples under its help. */
export function newCommand(name: string, description: string, examples: readonly string[]): Command {
  return new Command(name)
    .description(description)
    .option('--config <file>', 'settings file; default: predawn.yaml here or in a parent folder')
    .option('--env <name>', 'environment; default: $PREDAWN_ENV, else the first in the settings')
    .option('--json', 'write the result, or the error, as JSON')
    .option('--quiet', 'write nothing on success')
    .option('--debug', 'on failure, print the stack')
    .addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}\n`);
}

/** The settings that the common options point at. */
export async function settingsFor(options: CommonOptions, context: CommandContext): Promise<Settings> {
  return loadSettings(await settingsRequest(options, context));
}

/** Where the settings are, and which environment is asked for. */
export async function settingsRequest(
  options: CommonOptions,
  context: CommandContext,
): Promise<SettingsRequest> {
  const environment = options.env ?? environmentVariable(context);
  return { ...(await request(options, context)), environment };
}

/** What is the same in every environment: moving an alias needs nobody's database password. */
export async function projectFor(options: CommonOptions, context: CommandContext): Promise<Project> {
  return loadProject(await request(options, context));
}

/** `$PREDAWN_ENV`; empty means unset. */
export function environmentVariable({ variables }: CommandContext): string | undefined {
  return variables['PREDAWN_ENV'] === '' ? undefined : variables['PREDAWN_ENV'];
}

async function request(options: CommonOptions, { cwd, variables, cores }: CommandContext) {
  return { path: await findSettings(cwd, options.config ?? variables['PREDAWN_CONFIG']), variables, cores };
}
