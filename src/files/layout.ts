import { join } from 'node:path';
import { PredawnError } from '../domain/errors.js';
import type { FileFormat } from '../domain/job.js';

/**
 * Where everything is beneath a destination's folder. Readers see `<table>/as_of=<date>/predictions.<format>` alone;
 * names that start with an underscore or a dot are skipped by pyarrow and Spark.
 */
export interface SliceFolders extends JobFolders {
  /** The folder that readers see. */
  readonly slice: string;
}

/** What is the same whichever table a job publishes to. */
export interface JobFolders {
  /** Rows of attempts that are being staged or kept, on the same file system as the slice. */
  readonly attempts: string;
  readonly rejects: string;
  readonly ledger: string;
  readonly locks: string;
}

export const OURS = '_predawn';

export const ATTEMPT_ID = /^[0-9a-f-]{36}$/;

/** File systems take 255 bytes; some are left for what is put before or after a name. */
const MAX_NAME_BYTES = 200;

export function sliceFolders(root: string, job: string, table: string, asOf: string): SliceFolders {
  checkName('table', table);
  return { ...jobFolders(root, job, asOf), slice: join(root, table, `as_of=${asOf}`) };
}

export function jobFolders(root: string, job: string, asOf: string): JobFolders {
  checkName('job', job);
  checkDate(asOf);
  const ours = join(root, OURS, job);
  return {
    attempts: join(ours, 'attempts', asOf),
    rejects: join(ours, 'rejects', asOf),
    ledger: join(ours, 'ledger', asOf),
    locks: join(ours, 'locks'),
  };
}

export function sliceFile(folders: SliceFolders, format: FileFormat): string {
  return join(folders.slice, `predictions.${format}`);
}

export function stagedFile(folders: JobFolders, attemptId: string, format: FileFormat): string {
  return join(folders.attempts, `${checkAttemptId(attemptId)}.${format}`);
}

/** The rejected rows of an attempt; there is no file where there are none. */
export function rejectsFile(folders: JobFolders, attemptId: string): string {
  return join(folders.rejects, `${checkAttemptId(attemptId)}.csv`);
}

/** Its rows that gates object to; there is no file where there are none. */
export function offendingFile(folders: JobFolders, attemptId: string): string {
  return join(folders.rejects, `${checkAttemptId(attemptId)}.gates.json`);
}

/** The committed shards of an attempt, until it ends. */
export function shardsFolder(folders: JobFolders, attemptId: string): string {
  return join(folders.attempts, `${checkAttemptId(attemptId)}${SHARDS}`);
}

export const SHARDS = '.shards';

/** Throws kind `configuration` for a name that is no plain folder name of its own. */
export function checkName(what: 'job' | 'table', name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_NAME_BYTES) {
    throw new PredawnError(
      'configuration',
      'files.name',
      `A name of ${bytes} bytes is too long for a ${what} in files: ${JSON.stringify(`${name.slice(0, 40)}…`)}`,
      { hint: `Use a name of ${MAX_NAME_BYTES} bytes at most.` },
    );
  }
  // eslint-disable-next-line no-control-regex -- control characters are what must not pass
  if (/^[^._/\\=\u0000-\u001f\u007f][^/\\=\u0000-\u001f\u007f]*$/u.test(name)) return;
  throw new PredawnError(
    'configuration',
    'files.name',
    `${JSON.stringify(name)} can't be the name of a ${what} in files.`,
    {
      hint: 'Use letters, digits, hyphens and underscores, starting with a letter or a digit.',
    },
  );
}

function checkDate(asOf: string): void {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(asOf)) throw new RangeError(`not a data date: ${JSON.stringify(asOf)}`);
}

function checkAttemptId(id: string): string {
  if (!ATTEMPT_ID.test(id)) throw new RangeError(`not an attempt id: ${JSON.stringify(id)}`);
  return id;
}
