import { readFile, stat } from 'node:fs/promises';
import type { InputReady } from '../domain/job.js';
import type { InputReadiness } from '../domain/source.js';

/** Files of one day's input: absolute paths, and how each is shown in messages. */
export interface InputFiles {
  readonly csv: string;
  readonly marker: string | undefined;
  readonly rows: string | undefined;
  readonly shown: (path: string) => string;
}

/** Longer than any count: what else a file holds is none. */
const MOST_COUNT_BYTES = 64;

/**
 * Whether a CSV file is complete: it is there, with its marker, it has not been written to for as long as it should, and
 * the file with its count of rows holds a number. Throws what the file system throws, but for files that are not there.
 */
export async function csvReadiness(files: InputFiles, ready: InputReady, now: Date): Promise<InputReadiness> {
  const { csv, marker, rows, shown } = files;
  const written = await changedAt(csv);
  if (written === undefined) return unready(`${shown(csv)} does not exist`);
  if (marker !== undefined && (await changedAt(marker)) === undefined)
    return unready(`its marker ${shown(marker)} does not exist`);
  if (ready.quiet !== undefined && now.getTime() - written < ready.quiet) {
    const seconds = Math.max(0, Math.round((now.getTime() - written) / 1000));
    return unready(
      `${shown(csv)} was written to ${seconds} s ago, and is to be quiet for ${ready.quiet / 1000} s`,
    );
  }
  if (rows === undefined) return { problem: undefined, expectedRows: undefined };
  const text = (await changedAt(rows)) === undefined ? undefined : await readFile(rows, 'utf8');
  if (text === undefined) return unready(`its count of rows ${shown(rows)} does not exist`);
  const count = /^\s*(\d{1,15})\s*$/.exec(text.slice(0, MOST_COUNT_BYTES))?.[1];
  if (count === undefined || text.length > MOST_COUNT_BYTES)
    return unready(`${shown(rows)} does not hold a number of rows`);
  return { problem: undefined, expectedRows: Number(count) };
}

/** When a file was last written to, in milliseconds since 1970; undefined where there is none. */
async function changedAt(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function unready(problem: string): InputReadiness {
  return { problem, expectedRows: undefined };
}
