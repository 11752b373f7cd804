/**
 * Entry of a scoring thread that does some stages only: predawn's own block scorer, with the other stages answering at
 * once what they answered for a sample block.
 */
import { parentPort } from 'node:worker_threads';
import { codecs } from '../../src/block-wiring.js';
import { type Codecs, openBlockScorer, type ScoringPlan } from '../../src/run/block-scorer.js';
import { serveScorer } from '../../src/run/serve-scorer.js';

/** What a scoring thread does to a block. */
export type ThreadStage = 'decode' | 'score' | 'encode';

/** A plan for a thread that does `stages` only; `sample` is a block of the input. */
export interface StagePlan extends ScoringPlan {
  readonly stages: readonly ThreadStage[];
  readonly sample: Uint8Array<SharedArrayBuffer>;
}

serveScorer(parentPort!, async (plan) => openBlockScorer(plan, await isolate(plan as StagePlan)));

/** The codecs, with every stage that is not asked for replaced by its answer for the sample. */
async function isolate({
  stages,
  sample,
  decoder: spec,
  decode,
  model,
  signature,
}: StagePlan): Promise<Codecs> {
  const decoder = await codecs.openDecoder(spec, decode);
  const opened = await codecs.openModel(model, signature);
  const decoded = decoder.decode({ sequence: 0, bytes: new Uint8Array(sample) });
  const scores = await opened.score(decoded.tensors, decoded.rows);
  return {
    openDecoder: () => Promise.resolve(stages.includes('decode') ? decoder : { decode: () => decoded }),
    openModel: () =>
      Promise.resolve(
        stages.includes('score') ? opened : { ...opened, score: () => Promise.resolve(scores) },
      ),
    openEncoder: (encoder) =>
      stages.includes('encode')
        ? codecs.openEncoder(encoder)
        : Promise.resolve({ encode: () => new Uint8Array() }),
  };
}
