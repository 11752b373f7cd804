import type { Block } from '../../src/domain/columns.js';
import type { Stage } from '../../src/domain/publication.js';
import { codecs } from '../../src/block-wiring.js';
import { type RunFacts, scoringPlan } from '../../src/run/attempt.js';
import { type PlacedBlock, scoreInOrder } from '../../src/run/pipeline.js';
import { openPool } from '../../src/run/scorer-pool.js';
import { type Cost, costOf, NO_SERVER } from '../statistics.js';
import type { StagePlan, ThreadStage } from './worker.js';

/** A run's facts, its stage and a block of its input, as the stages alone need them. */
export interface StageInput {
  readonly facts: RunFacts;
  readonly stage: Stage;
  readonly sample: Block;
  /** The bundled `worker.ts`. */
  readonly workerEntry: URL;
  readonly rows: number;
}

/**
 * What some stages take alone, on as many threads as in a run, for all rows of the input.
 *
 * @param blocks the input; undefined for as many copies of the sample as make its rows
 * @param write takes each result, in order
 */
export async function costInThreads(
  stages: readonly ThreadStage[],
  { facts, stage, sample, workerEntry, rows }: StageInput,
  blocks: AsyncIterable<Block> | undefined,
  write: (placed: PlacedBlock) => Promise<void> = () => Promise.resolve(),
): Promise<Cost> {
  const whole = scoringPlan(facts, stage);
  const writes = stages.includes('encode');
  const shared = new Uint8Array(new SharedArrayBuffer(sample.bytes.length));
  shared.set(sample.bytes);
  const plan: StagePlan = {
    ...whole,
    outputs: writes ? whole.outputs : [],
    hashKeys: writes && whole.hashKeys,
    stages,
    sample: shared,
  };
  const pool = await openPool(plan, { codecs, workerEntry, workers: facts.request.settings.workers });
  try {
    const input = blocks ?? copies(sample, stages, rows / (await rowsOf(plan, sample)));
    return await costOf(async () => {
      for await (const placed of scoreInOrder(input, pool, facts.source)) await write(placed);
    }, NO_SERVER);
  } finally {
    await pool.close();
  }
}

async function rowsOf(plan: StagePlan, sample: Block): Promise<number> {
  return (await codecs.openDecoder(plan.decoder, plan.decode)).decode(sample).rows;
}

/** Only a decoder looks at a block's bytes. */
async function* copies(sample: Block, stages: readonly ThreadStage[], count: number): AsyncGenerator<Block> {
  for (let sequence = 0; sequence < Math.round(count); sequence++) {
    yield await Promise.resolve({
      sequence,
      bytes: stages.includes('decode') ? sample.bytes.slice() : new Uint8Array(1),
    });
  }
}
