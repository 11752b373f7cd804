import { realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeError } from '../domain/errors.js';
import type { CommandContext } from './context.js';

/**
 * Writes `--report`: a file whole or not at all, through a link to the file it names; a pipe or a device as it is.
 * By now the run's outcome is settled, so a report that can't be written is said on stderr and changes nothing else.
 */
export async function writeReport(
  file: string | undefined,
  content: unknown,
  context: CommandContext,
): Promise<void> {
  if (file === undefined) return;
  const text = `${JSON.stringify(content, undefined, 2)}\n`;
  try {
    const target = path.resolve(context.cwd, file);
    const existing = await stat(target).catch(() => undefined);
    if (existing === undefined || existing.isFile()) await replaceFile(target, text);
    else await writeFile(target, text);
  } catch (error) {
    context.stderr.write(`predawn: the report ${file} could not be written: ${describeError(error)}\n`);
  }
}

async function replaceFile(target: string, text: string): Promise<void> {
  const file = await realpath(target).catch(() => target);
  const temporary = `${file}.${process.pid}.tmp`;
  try {
    await writeFile(temporary, text, { mode: 0o640 });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
