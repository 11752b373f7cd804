import { createHash } from 'node:crypto';
import type { Block } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import { joinPieces, PIECE_BYTES, ShardHash, ShardPlanner } from '../domain/shard-cuts.js';
import type { Shard, ShardedInput } from '../domain/shards.js';
import type { ShardSource } from '../domain/source.js';
import { WRAPPER_LINE } from './describe-query.js';
import { copyTuples, type TupleReader } from './read-tuples.js';

/**
 * Cuts the result of a query into ranges of its rows, in the query's own order: so that shards put together are what the
 * query gives as a whole. Everything is read in the one snapshot of the connection; another process, or this one after
 * it died, has another snapshot, and the digest of each range tells whether its rows are those that were planned.
 */
export async function planQueryShards(
  reader: TupleReader,
  query: string,
  count: number,
  signal: AbortSignal,
): Promise<ShardedInput> {
  await keepOrder(reader);
  const planner = new ShardPlanner();
  const hash = createHash('sha256');
  let total = 0;
  for await (const { bytes, rows } of copyTuples(reader, query, PIECE_BYTES, signal)) {
    hash.update(bytes);
    total += bytes.length;
    planner.add(bytes, { length: rows, lines: rows });
  }
  const summary = { fingerprint: `sha256:${hash.digest('hex')}`, bytes: total, warnings: [] };
  return { summary, shards: planner.end(count, { length: 0, lines: 0 }) };
}

/** One of those ranges as an input of its own. */
export function openQueryShard(
  reader: TupleReader,
  query: string,
  blockBytes: number,
  { shards }: ShardedInput,
  index: number,
): ShardSource {
  const shard = shards[index]!;
  const { location } = reader.context;
  return {
    location,
    linesBefore: shard.linesBefore,
    async *blocks(signal: AbortSignal): AsyncGenerator<Block> {
      if (shard.to === shard.from) return;
      await keepOrder(reader);
      const hash = new ShardHash(shard);
      let sequence = 0;
      for await (const bytes of joinPieces(pieces(reader, query, shard, hash, signal), blockBytes))
        yield { sequence: sequence++, bytes };
      if (hash.digest() !== shard.digest) throw changed(location, index);
    },
  };
}

async function* pieces(
  reader: TupleReader,
  query: string,
  { from, to }: Shard,
  hash: ShardHash,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const range = `${WRAPPER_LINE}${query}\n) as q offset ${from} limit ${to - from}`;
  for await (const { bytes } of copyTuples(reader, range, PIECE_BYTES, signal)) {
    hash.add(bytes);
    yield bytes;
  }
}

/** The same rows in the same order each time, as far as the query leaves it to the server. */
async function keepOrder({ client }: TupleReader): Promise<void> {
  await client.query('set local synchronize_seqscans to off; set local max_parallel_workers_per_gather to 0');
}

function changed(location: string, shard: number): PredawnError {
  return new PredawnError(
    'input',
    'input.changed',
    `${location}: the rows of shard ${shard} are not what they were when it was planned`,
    {
      hint: 'Plan the date again. If nobody changed those rows, the query gives them in another order each time: add ORDER BY.',
    },
  );
}
