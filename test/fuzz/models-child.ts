/** A process of its own that reads damaged copies of a model: `models-child MODEL SEED FROM TO`; sends what it found. */
import { readFileSync } from 'node:fs';
import { PredawnError } from '../../src/domain/errors.js';
import { prepareCandidate } from '../../src/onnx/inspect.js';
import { openModel } from '../../src/onnx/model.js';
import { damagedBytes } from './mutations.js';
import { Random } from './random.js';

const [file = '', seed, from, to] = process.argv.slice(2);
const addition = {
  addedAt: '2026-01-01T00:00:00.000Z',
  addedBy: 'test',
  note: undefined,
  training: undefined,
};
const { model, manifest } = await prepareCandidate(new Uint8Array(readFileSync(file)), addition);

/** How reading it ended: read, or refused. Anything else ends this process. */
async function outcome(read: () => Promise<unknown>): Promise<string> {
  try {
    await read();
    return 'read';
  } catch (error) {
    if (error instanceof PredawnError && error.kind === 'artefact') return error.code;
    throw error;
  }
}

for (let index = Number(from); index < Number(to); index++) {
  process.send!({ began: index });
  const bytes = damagedBytes(new Random(Number(seed), index), model);
  const added = await outcome(() => prepareCandidate(bytes, addition));
  const opened = await outcome(async () => (await openModel(bytes, manifest.signature)).close());
  process.send!({ added, opened });
}
process.disconnect();
