import type { Binding } from '../../domain/binding.js';
import type { Model } from '../../domain/model.js';
import type { Publication } from '../../domain/publication.js';
import type { Artefact } from '../../domain/registry.js';
import type { ShardOutcome } from '../../domain/sharded-publication.js';
import type { ShardPlan } from '../../domain/shards.js';
import type { Source } from '../../domain/source.js';
import { scoringPlan } from '../attempt.js';
import type { RunContext, RunRequest } from '../run-request.js';
import { openPool, type ScorerPool } from '../scorer-pool.js';
import { stageInOrder } from '../stage-in-order.js';
import { startTally, type Tally } from '../tally.js';
import { using } from '../using.js';

export interface ShardFacts {
  readonly request: RunRequest;
  readonly context: RunContext;
  readonly artefact: Artefact;
  readonly model: Model;
  readonly source: Source;
  readonly binding: Binding;
  readonly publication: Publication;
}

/** Scores and commits some shards of an attempt, one after the other, on one pool of scorers. */
export async function scoreShards(
  facts: ShardFacts,
  plan: ShardPlan,
  shards: readonly number[],
): Promise<readonly ShardOutcome[]> {
  const { request, context, publication, model } = facts;
  const { settings } = request;
  const { attempt, input } = plan;
  const bytes = shards.reduce((sum, shard) => sum + input.shards[shard]!.bytes, 0);
  const workers = bytes > settings.blockBytes ? settings.workers : 0;
  const scoring = scoringPlan(facts, publication.shards.encoding(attempt));
  const outcomes: ShardOutcome[] = [];
  if (shards.length === 0) return outcomes;

  await using(openPool(scoring, { ...context.services, workers, model }), async (pool) => {
    const progress = startProgress(context);
    for (const shard of shards) {
      context.signal.throwIfAborted();
      const reference = { job: attempt.job, asOf: attempt.asOf, attemptId: attempt.id };
      const outcome = await publication.shards.withShard(reference, shard, context.signal, (stage) =>
        scoreShard(facts, plan, shard, { pool, stage, progress }),
      );
      context.onEvent({ kind: 'shard', attemptId: attempt.id, shard, outcome: outcome.kind });
      outcomes.push(outcome);
      if (outcome.kind === 'late') break;
    }
  });
  return outcomes;
}

interface Scoring {
  readonly pool: ScorerPool;
  readonly stage: Parameters<typeof stageInOrder>[3];
  readonly progress: (figures: Figures) => void;
}

type Figures = { readonly rows: number; readonly rejected: number; readonly bytes: number };

async function scoreShard(
  { context: { signal }, source }: ShardFacts,
  { input }: ShardPlan,
  shard: number,
  { pool, stage, progress }: Scoring,
): Promise<Tally> {
  const part = source.openShard(input, shard);
  const tally = startTally();
  for await (const { block, rejects } of stageInOrder(part.blocks(signal), pool, part, stage, signal)) {
    tally.add(block, rejects);
    progress({ rows: block.rows, rejected: rejects.length, bytes: block.bytes });
  }
  return tally.read();
}

/** Tells of all rows that this process scored, block by block. */
function startProgress(context: RunContext): Scoring['progress'] {
  let [rows, rejected, bytes] = [0, 0, 0];
  return (block) => {
    rows += block.rows;
    rejected += block.rejected;
    bytes += block.bytes;
    context.onEvent({ kind: 'scored', rows, rejected, bytes });
  };
}
