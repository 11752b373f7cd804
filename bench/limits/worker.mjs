/**
 * Entry of a scoring thread that does one stage only: predawn's own block scorer, with the other stages answering at
 * once what they answered for a sample block. JavaScript, because a worker thread knows no TypeScript.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { codecs } from '../../dist/block-wiring.js';
import { openBlockScorer } from '../../dist/run/block-scorer.js';

const { stages, sample, ...plan } = workerData;
const scorer = await openBlockScorer(plan, await isolate());
parentPort.postMessage({ kind: 'ready' });

let last = Promise.resolve();
parentPort.on('message', (request) => {
  last = last.then(async () => {
    if (request.kind === 'close') {
      await scorer.close();
      parentPort.close();
      return;
    }
    const block = await scorer.score(request.block);
    const transferred = [block.payload.buffer, block.keyHashes?.buffer].filter(Boolean);
    parentPort.postMessage({ kind: 'scored', block }, transferred);
  });
});

/** The codecs, with every stage that is not asked for replaced by its answer for the sample. */
async function isolate() {
  const decoder = await codecs.openDecoder(plan.decoder, plan.decode);
  const model = await codecs.openModel(plan.model, plan.signature);
  const decoded = decoder.decode({ sequence: 0, bytes: sample });
  const scores = await model.score(decoded.tensors, decoded.rows);
  return {
    openDecoder: async () => (stages.includes('decode') ? decoder : { decode: () => decoded }),
    openModel: async () =>
      stages.includes('score') ? model : { score: async () => scores, close: () => model.close() },
    openEncoder: async (spec) =>
      stages.includes('encode') ? codecs.openEncoder(spec) : { encode: () => new Uint8Array(0) },
  };
}
