import { createReadStream } from 'node:fs';
import { access } from 'node:fs/promises';
import { CsvError, parse } from 'csv-parse';
import type { Reject, RejectCode } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import { isCode, onDisk } from './disk.js';
import { type JobFolders, rejectsFile } from './layout.js';
import { readManifests, readShard } from './shard-manifests.js';

const AT_ONCE = 1000;
const FIELDS = 4;

/** The rejected rows of an attempt, in input order: from its file, or before it has one from its committed shards. */
export async function* readRejects(
  root: string,
  folders: JobFolders,
  attemptId: string,
): AsyncGenerator<readonly Reject[]> {
  const file = rejectsFile(folders, attemptId);
  const rejects = (await isThere(root, file)) ? fromFile(file) : fromShards(folders, attemptId);
  try {
    for (;;) {
      const next = await onDisk(root, () => rejects.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await rejects.return(undefined);
  }
}

function isThere(root: string, file: string): Promise<boolean> {
  return onDisk(root, () =>
    access(file).then(
      () => true,
      (error: unknown) => {
        if (isCode(error, 'ENOENT')) return false;
        throw error;
      },
    ),
  );
}

async function* fromFile(file: string): AsyncGenerator<readonly Reject[]> {
  const records = parse({
    from: 2,
    // An unquoted empty field is a column that is not known; an empty name is quoted.
    cast: (text, { quoting }) => (text === '' && !quoting ? undefined : text),
    relax_column_count: true,
  });
  const stream = createReadStream(file);
  stream.on('error', (error) => records.destroy(error)).pipe(records);
  let some: Reject[] = [];
  let cutShort = false;
  try {
    for await (const record of records as AsyncIterable<readonly (string | undefined)[]>) {
      if (cutShort) throw rejectsDamaged(file);
      const [line, column, code, raw] = record;
      // The last one is half written where an attempt is at it, or was killed.
      cutShort = record.length < FIELDS;
      if (!cutShort) some.push({ line: Number(line), column, code: code as RejectCode, raw: raw ?? '' });
      if (some.length < AT_ONCE) continue;
      yield some;
      some = [];
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    // As above: it ends within a quoted field.
    if (error.code !== 'CSV_QUOTE_NOT_CLOSED') throw rejectsDamaged(file);
  } finally {
    stream.destroy();
  }
  if (some.length > 0) yield some;
}

/** What is thrown for a file of rows of an attempt that is not what was written. */
export function rejectsDamaged(file: string, cause?: unknown): PredawnError {
  return new PredawnError(
    'data',
    'files.rejects_damaged',
    `${file} is not what predawn wrote: it is damaged.`,
    {
      hint: 'Look at it in an editor; running the date again writes another one.',
      cause,
    },
  );
}

async function* fromShards(folders: JobFolders, attemptId: string): AsyncGenerator<readonly Reject[]> {
  for (const manifest of await readManifests(folders, attemptId)) {
    for await (const frame of readShard(folders, attemptId, manifest)) {
      if (frame.kind === 'rejects') yield frame.rejects;
    }
  }
}
