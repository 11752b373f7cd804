import pc from 'picocolors';
import type { CommandContext, TextStream } from './context.js';

/** Options that every command has. */
export interface CommonOptions {
  readonly config?: string;
  readonly env?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

/** Colours on a terminal, unless NO_COLOR is set (https://no-color.org); FORCE_COLOR puts them anywhere. */
export function useColors(stream: TextStream, variables: CommandContext['variables']): boolean {
  if ((variables['NO_COLOR'] ?? '') !== '') return false;
  if ((variables['FORCE_COLOR'] ?? '') !== '') return true;
  return stream.isTTY && variables['TERM'] !== 'dumb';
}

/** Writes a command's result: JSON for machines, text for people, nothing with `--quiet`. */
export function printResult(
  context: CommandContext,
  options: CommonOptions,
  json: unknown,
  text: (colors: boolean) => string,
): void {
  if (options.quiet === true) return;
  if (options.json === true) context.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`);
  else context.stdout.write(text(useColors(context.stdout, context.variables)));
}

/** The next command to type, where there is an obvious one. */
export function nextStep(command: string, colors: boolean): string {
  return `\n  Next: ${pc.createColors(colors).bold(command)}\n`;
}
