import type { Block } from '../domain/columns.js';
import type { ShardStage } from '../domain/sharded-publication.js';
import type { ShardSource } from '../domain/source.js';
import { type PlacedBlock, scoreInOrder } from './pipeline.js';
import type { ScorerPool } from './scorer-pool.js';

/** Scores blocks on a pool and stages them, in input order. Yields each block when it is staged. */
export async function* stageInOrder(
  blocks: AsyncIterable<Block>,
  pool: ScorerPool,
  source: Pick<ShardSource, 'location' | 'linesBefore'>,
  stage: ShardStage,
  signal: AbortSignal,
): AsyncGenerator<PlacedBlock> {
  for await (const placed of scoreInOrder(blocks, pool, source)) {
    const { block, rejects } = placed;
    signal.throwIfAborted();
    // Without rows it has no outputs either, and a file's columns are those of its first block.
    if (block.rows > 0)
      await stage.append({ payload: block.payload, rows: block.rows, keyHashes: block.keyHashes });
    if (rejects.length > 0) await stage.reject(rejects);
    yield placed;
  }
}
