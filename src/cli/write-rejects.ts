import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Reject } from '../domain/columns.js';
import { describeError, PredawnError } from '../domain/errors.js';
import type { TextEncoding } from '../domain/job.js';
import type { InputFormat } from '../run/input-format.js';
import type { CommandContext } from './context.js';

/** Rejected rows are about people, and this file is outside the destination that is kept from others. */
const OWNER_ONLY = 0o600;
const ENCODINGS = { 'utf-8': 'utf8', 'utf-16le': 'utf16le', latin1: 'latin1' } as const;

/**
 * Writes rejected rows as the records they were, in the format of the input: what reads that reads this. A file that is
 * there is replaced, whole or not at all.
 *
 * @returns the number of rows
 * @throws PredawnError kind `usage`, code `rejects.file`, where the file can't be written
 */
export async function writeRejects(
  file: string,
  rejects: AsyncIterable<readonly Reject[]>,
  { header, encoding }: InputFormat,
  { cwd }: Pick<CommandContext, 'cwd'>,
): Promise<number> {
  const target = path.resolve(cwd, file);
  const temporary = `${target}.${process.pid}.tmp`;
  const handle = await written(file, () => open(temporary, 'wx', OWNER_ONLY));
  try {
    const start = `${encoding === 'utf-16le' ? '\ufeff' : ''}${header === undefined ? '' : `${header}\n`}`;
    await written(file, () => write(handle, start, encoding));
    let rows = 0;
    for await (const some of rejects) {
      rows += some.length;
      await written(file, () => write(handle, some.map(({ raw }) => `${raw}\n`).join(''), encoding));
    }
    await written(file, () => handle.close());
    await written(file, () => rename(temporary, target));
    return rows;
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

async function write(handle: FileHandle, text: string, encoding: TextEncoding): Promise<void> {
  await handle.writeFile(Buffer.from(text, ENCODINGS[encoding]));
}

async function written<T>(shown: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new PredawnError('usage', 'rejects.file', `${shown} can't be written: ${describeError(cause)}`, {
      hint: 'Name a file in a folder that exists and that you may write to.',
      cause,
    });
  }
}
