import type { Block } from '../../src/domain/columns.js';
import type { Stage } from '../../src/domain/publication.js';
import type { RunFacts } from '../../src/run/attempt.js';
import type { ScoringPlan } from '../../src/run/block-scorer.js';
import type { PlacedBlock } from '../../src/run/pipeline.js';
import { secondsOf } from '../statistics.js';
import { built } from '../repository.js';

const { openPool } = (await import(
  built('run/scorer-pool.js')
)) as typeof import('../../src/run/scorer-pool.js');
const { scoreInOrder } = (await import(
  built('run/pipeline.js')
)) as typeof import('../../src/run/pipeline.js');
const { scoringPlan } = (await import(built('run/attempt.js'))) as typeof import('../../src/run/attempt.js');
const { codecs } = (await import(built('block-wiring.js'))) as typeof import('../../src/block-wiring.js');

/** What a scoring thread does to a block; the others are answered from a sample. */
export type ThreadStage = 'decode' | 'score' | 'encode';

/** A run's facts, its stage and a block of its input, as the stages alone need them. */
export interface StageInput {
  readonly facts: RunFacts;
  readonly stage: Stage;
  readonly sample: Block;
  readonly rows: number;
}

/**
 * Seconds that some stages take alone, on as many threads as in a run, for all rows of the input.
 *
 * @param blocks the input; undefined for as many copies of the sample as make its rows
 * @param write takes each result, in order
 */
export async function secondsInThreads(
  stages: readonly ThreadStage[],
  { facts, stage, sample, rows }: StageInput,
  blocks: AsyncIterable<Block> | undefined,
  write: (placed: PlacedBlock) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const whole = scoringPlan(facts, stage);
  const writes = stages.includes('encode');
  const shared = new Uint8Array(new SharedArrayBuffer(sample.bytes.length));
  shared.set(sample.bytes);
  const plan = {
    ...whole,
    outputs: writes ? whole.outputs : [],
    hashKeys: writes && whole.hashKeys,
    stages,
    sample: shared,
  };
  const pool = await openPool(plan, inThreads(facts), false);
  try {
    return await secondsOf(async () => {
      const input = blocks ?? copies(sample, stages, rows / (await rowsOf(plan, sample)));
      for await (const placed of scoreInOrder(input, pool, facts.source)) await write(placed);
    });
  } finally {
    await pool.close();
  }
}

function inThreads(facts: RunFacts): RunFacts {
  const workerEntry = new URL('./worker.mjs', import.meta.url);
  const services = { ...facts.context.services, workerEntry };
  return { ...facts, context: { ...facts.context, services } };
}

async function rowsOf(plan: ScoringPlan, sample: Block): Promise<number> {
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
