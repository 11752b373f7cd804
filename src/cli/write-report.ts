import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from '../domain/errors.js';
import type { CommandContext } from './context.js';

/**
 * Writes `--report`, whole or not at all. By now the run's outcome is settled, so a report that can't be written is
 * said on stderr and changes nothing else.
 */
export async function writeReport(
  file: string | undefined,
  content: unknown,
  context: CommandContext,
): Promise<void> {
  if (file === undefined) return;
  const target = path.resolve(context.cwd, file);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, `${JSON.stringify(content, undefined, 2)}\n`, { mode: 0o640 });
    await rename(temporary, target);
  } catch (error) {
    context.stderr.write(`predawn: the report ${file} could not be written: ${describeError(error)}\n`);
  }
}
