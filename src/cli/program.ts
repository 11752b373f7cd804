import { Command, CommanderError } from 'commander';
import { PredawnError } from '../domain/errors.js';
import { databaseCommand } from './commands/database.js';
import { initCommand } from './commands/init.js';
import { modelCommand } from './commands/model/model.js';
import { publishCommand } from './commands/publish.js';
import { restoreCommand } from './commands/restore.js';
import { runCommand } from './commands/run.js';
import { runsCommand } from './commands/runs.js';
import { schemaCommand } from './commands/schema.js';
import { showCommand } from './commands/show.js';
import { validateCommand } from './commands/validate.js';
import type { CommandContext } from './context.js';
import { EXIT_CODES, exitCode, SUCCESS } from './exit-codes.js';
import { useColors } from './print.js';
import { asPredawnError, errorJson, renderError } from './render-error.js';

/** The whole command line; a command is one file under `commands/` and one line here. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command('predawn')
    .description('Score yesterday’s rows with a versioned ONNX model and publish the predictions atomically.')
    .version(context.services.versions.predawn)
    .addHelpText('after', exitCodeHelp);
  for (const command of [
    runCommand(context),
    validateCommand(context),
    runsCommand(context),
    showCommand(context),
    restoreCommand(context),
    publishCommand(context),
    modelCommand(context),
    initCommand(context),
    databaseCommand(context),
    schemaCommand(context),
  ]) {
    program.addCommand(command);
  }
  prepare(program, context);
  return program;
}

/**
 * Runs one command line.
 *
 * @param argv the arguments after the program's name
 * @returns the exit code; every failure is rendered here, none is thrown
 */
export async function runProgram(argv: readonly string[], context: CommandContext): Promise<number> {
  try {
    await buildProgram(context).parseAsync(argv, { from: 'user' });
    return SUCCESS;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return isHelp(thrown, argv) ? SUCCESS : reportUsage(thrown);
    return report(asPredawnError(thrown), argv, context);
  }
}

function report(error: PredawnError, argv: readonly string[], context: CommandContext): number {
  const debug = argv.includes('--debug');
  if (argv.includes('--json')) context.stdout.write(`${JSON.stringify(errorJson(error), undefined, 2)}\n`);
  context.stderr.write(renderError(error, { colors: useColors(context.stderr, context.variables), debug }));
  return exitCode(error);
}

/** Help that was asked for; commander also shows it, and fails, where a subcommand is missing. */
function isHelp({ code, exitCode: status }: CommanderError, argv: readonly string[]): boolean {
  return status === 0 || (code === 'commander.help' && argv.includes('help'));
}

/** commander has already written its own message and suggestion. */
function reportUsage(error: CommanderError): number {
  return exitCode(new PredawnError('usage', error.code, error.message));
}

/** Settings that commander does not hand down to subcommands added ready-made. */
function prepare(command: Command, context: CommandContext): void {
  command
    .exitOverride()
    .showHelpAfterError('(add --help for the options)')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      getOutHelpWidth: () => context.stdout.columns ?? 100,
      getErrHelpWidth: () => context.stderr.columns ?? 100,
    });
  for (const subcommand of command.commands) prepare(subcommand, context);
}

function exitCodeHelp(): string {
  const lines = EXIT_CODES.map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`);
  return `\nExit codes:\n${lines.join('\n')}\n`;
}
