import { Command, CommanderError } from 'commander';
import { PredawnError } from '../domain/errors.js';
import type { CommandContext } from './context.js';
import { EXIT_CODES, exitCode, PLUGIN_STATUS, PluginExit, SUCCESS } from './exit-codes.js';
import { useColors } from './print.js';
import { asPredawnError, errorJson, renderError } from './render-error.js';

type MakeCommand = (context: CommandContext) => Command;

/** A command is one file under `commands/` and one line here. Each is loaded when it is asked for: starting is most of what many take. */
const COMMANDS: Readonly<Record<string, () => Promise<MakeCommand>>> = {
  run: async () => (await import('./commands/run.js')).runCommand,
  backfill: async () => (await import('./commands/backfill.js')).backfillCommand,
  validate: async () => (await import('./commands/validate.js')).validateCommand,
  schedule: async () => (await import('./commands/schedule.js')).scheduleCommand,
  crontab: async () => (await import('./commands/crontab.js')).crontabCommand,
  systemd: async () => (await import('./commands/systemd.js')).systemdCommand,
  status: async () => (await import('./commands/status.js')).statusCommand,
  check: async () => (await import('./commands/check.js')).checkCommand,
  runs: async () => (await import('./commands/runs.js')).runsCommand,
  show: async () => (await import('./commands/show.js')).showCommand,
  rejects: async () => (await import('./commands/rejects.js')).rejectsCommand,
  restore: async () => (await import('./commands/restore.js')).restoreCommand,
  plan: async () => (await import('./commands/plan.js')).planCommand,
  score: async () => (await import('./commands/score.js')).scoreCommand,
  publish: async () => (await import('./commands/publish.js')).publishCommand,
  model: async () => (await import('./commands/model/model.js')).modelCommand,
  notify: async () => (await import('./commands/notify.js')).notifyCommand,
  init: async () => (await import('./commands/init.js')).initCommand,
  db: async () => (await import('./commands/database.js')).databaseCommand,
  schema: async () => (await import('./commands/schema.js')).schemaCommand,
};

/** The whole command line; or, where `argv` begins with a command's name, as much of it as that needs. */
export async function buildProgram(context: CommandContext, argv: readonly string[] = []): Promise<Command> {
  const program = new Command('predawn')
    .description('Score yesterday’s rows with a versioned ONNX model and publish the predictions atomically.')
    .version(context.services.versions.predawn)
    .addHelpText('after', exitCodeHelp);
  const names = argv[0] === '--version' ? [] : Object.keys(COMMANDS);
  for (const name of names.includes(argv[0]!) ? [argv[0]!] : names) {
    program.addCommand((await COMMANDS[name]!())(context));
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
    const program = await buildProgram(context, argv);
    await program.parseAsync(argv, { from: 'user' });
    return SUCCESS;
  } catch (thrown) {
    if (thrown instanceof PluginExit) return PLUGIN_STATUS[thrown.status];
    if (thrown instanceof CommanderError) return isHelp(thrown, argv) ? SUCCESS : reportUsage(thrown, argv);
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
function reportUsage(error: CommanderError, argv: readonly string[]): number {
  if (argv.includes('--nagios')) return PLUGIN_STATUS.UNKNOWN;
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
      outputError: (text, write) => write(withoutSecrets(text)),
      getOutHelpWidth: () => context.stdout.columns ?? 100,
      getErrHelpWidth: () => context.stderr.columns ?? 100,
    });
  for (const subcommand of command.commands) prepare(subcommand, context);
}

/** What commander repeats of a command line that is wrong, without the values that an URL or an option may have. */
function withoutSecrets(message: string): string {
  return message.replaceAll(/(\w+:\/\/)[^\s']*@/g, '$1…@').replaceAll(/('--[^\s=']+)=[^\n]*'/g, "$1'");
}

function exitCodeHelp(): string {
  const lines = EXIT_CODES.map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`);
  return `\nExit codes:\n${lines.join('\n')}\n`;
}
