import { BlockError } from '../domain/codecs.js';
import type { Block, Reject } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import type { ScoredBlock } from './block-scorer.js';
import type { ScorerPool } from './scorer-pool.js';

/** A scored block whose rejects carry the source's own line numbers. */
export interface PlacedBlock<Scored = ScoredBlock> {
  readonly block: Scored;
  readonly rejects: readonly Reject[];
}

/** What scores blocks, several at a time, and says which lines each had. */
type AnyPool<Scored> = Pick<ScorerPool, 'depth'> & { score(block: Block): Promise<Scored> };

/**
 * Scores blocks on a pool and yields them in input order, at most `pool.depth` in flight. On a failure or an
 * early end it waits for the blocks in hand, so that the pool can be closed safely.
 *
 * @throws PredawnError for a structural fault, naming `location` and the line.
 */
export async function* scoreInOrder<Scored extends Pick<ScoredBlock, 'rejects' | 'lines'>>(
  blocks: AsyncIterable<Block>,
  pool: AnyPool<Scored>,
  input: { readonly location: string; readonly linesBefore: number },
): AsyncGenerator<PlacedBlock<Scored>> {
  const inFlight: Promise<Scored>[] = [];
  let lines = input.linesBefore;

  async function next(): Promise<PlacedBlock<Scored>> {
    const block = await inFlight.shift()!.catch((error: unknown) => {
      throw place(error, input.location, lines);
    });
    const placed = {
      block,
      rejects: block.rejects.map((reject) => ({ ...reject, line: reject.line + lines })),
    };
    lines += block.lines;
    return placed;
  }

  try {
    for await (const block of blocks) {
      const scoring = pool.score(block);
      // Awaited in order below; until then a rejection must not count as unhandled.
      scoring.catch(() => undefined);
      inFlight.push(scoring);
      if (inFlight.length >= pool.depth) yield await next();
    }
    while (inFlight.length > 0) yield await next();
  } finally {
    await Promise.allSettled(inFlight);
  }
}

function place(error: unknown, location: string, linesBefore: number): unknown {
  if (!(error instanceof BlockError)) return error;
  return new PredawnError(
    error.kind,
    error.code,
    `${location}, line ${error.line + linesBefore}: ${error.problem}`,
    {
      hint: error.hint,
    },
  );
}
