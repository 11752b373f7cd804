import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { PredawnError } from '../domain/errors.js';
import type { ShardManifest } from '../domain/shards.js';
import { type AttemptRecord, namesIn } from './attempt-record.js';
import { type JobFolders, shardsFolder } from './layout.js';
import { readFrames, type Frame } from './shard-file.js';

/** A manifest as it lies beside the rows: `<shard>.json`. */
export interface FileManifest extends ShardManifest {
  /** Name of the file with the rows, in the same folder; its digest is the manifest's. */
  readonly file: string;
}

const NAME = /^(\d+)\.json$/;
const schema = z.looseObject({
  shard: z.int().nonnegative(),
  rows: z.int().nonnegative(),
  digest: z.string(),
  tally: z.looseObject({ read: z.number(), scored: z.number(), rejected: z.number() }),
  file: z.string().regex(/^\d+\.[0-9a-f-]{36}\.rows$/),
});

export function manifestFile(folder: string, shard: number): string {
  return join(folder, `${shard}.json`);
}

/** The manifests of an attempt's committed shards, in order. Throws code `files.ledger_damaged`. */
export async function readManifests(
  folders: JobFolders,
  attemptId: string,
): Promise<readonly FileManifest[]> {
  const folder = shardsFolder(folders, attemptId);
  const shards = (await namesIn(folder)).flatMap((name) => NAME.exec(name)?.[1] ?? []).map(Number);
  return Promise.all(shards.sort((a, b) => a - b).map((shard) => readManifest(folder, shard)));
}

/** How many shards of an attempt are committed: all that it has, once it was published. */
export async function committedShards(folders: JobFolders, record: AttemptRecord): Promise<number> {
  if (record.shards === undefined) return 0;
  if (['published', 'staged'].includes(record.status)) return record.shards.input.shards.length;
  const names = await namesIn(shardsFolder(folders, record.attemptId));
  return names.filter((name) => NAME.test(name)).length;
}

async function readManifest(folder: string, shard: number): Promise<FileManifest> {
  const path = manifestFile(folder, shard);
  try {
    const value: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (schema.parse(value).shard === shard) return value as FileManifest;
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof z.ZodError)) throw error;
  }
  throw damaged(path);
}

/** The blocks and rejects of a committed shard, in order. Throws code `shards.damaged` if they are not what was committed. */
export async function* readShard(
  folders: JobFolders,
  attemptId: string,
  { file, digest }: FileManifest,
): AsyncGenerator<Frame> {
  const path = join(shardsFolder(folders, attemptId), file);
  const hash = createHash('sha256');
  yield* readFrames(path, hash);
  if (`sha256:${hash.digest('hex')}` !== digest) throw damaged(path);
}

/** Kind `data`: the attempt ends, and the next run scores the date anew. */
export function damaged(path: string): PredawnError {
  return new PredawnError(
    'data',
    'shards.damaged',
    `${path} is not what the shard committed: it is damaged.`,
    {
      hint: 'Nothing was published. Check the disk, then run the date again: it is scored anew.',
    },
  );
}
