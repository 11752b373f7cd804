import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError, PredawnError } from '../domain/errors.js';

/** A folder in the system's temporary one. Throws kind `configuration`, code `scratch.folder`. */
export async function makeScratchFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'predawn-')).catch((cause: unknown) => {
    throw new PredawnError(
      'configuration',
      'scratch.folder',
      `${tmpdir()} can't be written to: ${describeError(cause)}`,
      {
        hint: 'What is not to be published is staged there. Set TMPDIR to a folder that can be written.',
        cause,
      },
    );
  });
}

export async function removeScratchFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

/** Works with a scratch folder that is removed whatever happens. */
export async function withScratchFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeScratchFolder();
  try {
    return await work(folder);
  } finally {
    await removeScratchFolder(folder);
  }
}
