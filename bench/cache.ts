import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { access, mkdir, readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { customerCsvChunks, SAMPLE_SEED, trainingCsv } from '../data-samples/generate.js';
import { REPOSITORY } from './repository.js';

const DAY = { asOf: '2026-11-20', seed: SAMPLE_SEED };
const TRAINING = { asOf: '2026-10-31', rows: 20_000, seed: SAMPLE_SEED };
const GENERATOR = ['generate.ts', 'customer.ts', 'random.ts'];

/** The folder that keeps what is slow to make; made where it is absent. */
export async function cacheFolder(): Promise<string> {
  const folder = process.env['PREDAWN_BENCH_CACHE'] ?? path.join(tmpdir(), 'predawn-bench');
  await mkdir(folder, { recursive: true });
  return folder;
}

/** A day of so many customers as CSV. Its name has the digest of the generator: a change makes it anew. */
export async function customersFile(rows: number): Promise<string> {
  return cached(`customers-${rows}-${await digestOf(GENERATOR)}.csv`, () =>
    customerCsvChunks({ ...DAY, rows }),
  );
}

/** What the models are trained on: an earlier day, with the outcome. */
export async function trainingFile(): Promise<string> {
  return cached(`training-${await digestOf(GENERATOR)}.csv`, () => [trainingCsv(TRAINING)]);
}

/** Ten digits that change with any of these files of data-samples. */
export async function digestOf(files: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(await readFile(path.join(REPOSITORY, 'data-samples', file)));
  return hash.digest('hex').slice(0, 10);
}

export async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

async function cached(name: string, make: () => Iterable<string>): Promise<string> {
  const file = path.join(await cacheFolder(), name);
  if (await exists(file)) return file;
  const unfinished = `${file}.${process.pid}.tmp`;
  const stream = createWriteStream(unfinished);
  for (const chunk of make()) {
    if (!stream.write(chunk)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
  await rename(unfinished, file);
  return file;
}
