import type { BlockDecoder, BlockEncoder, DecoderSpec, EncoderSpec } from './domain/codecs.js';
import type { DecodePlan } from './domain/columns.js';
import type { Codecs } from './run/block-scorer.js';

/** What a scoring thread needs whatever it is to score: most of its start, and known before the plan. */
export async function loadForAnyPlan(): Promise<void> {
  await Promise.all([
    import('./onnx/model.js'),
    import('./onnx/runtime.js').then(({ loadRuntime }) => loadRuntime()),
  ]);
}

/**
 * Which implementation stands behind each kind of decoder and encoder: one line for a new one. Imported by the
 * main thread and by every scoring thread; rooms are loaded only when a plan names them.
 */
export const codecs: Codecs = {
  async openDecoder(spec: DecoderSpec, plan: DecodePlan): Promise<BlockDecoder> {
    switch (spec.kind) {
      case 'csv':
        return (await import('./csv/decoder.js')).makeCsvDecoder(spec, plan);
      case 'postgres':
        return (await import('./postgres/decoder.js')).makePostgresDecoder(spec, plan);
    }
  },
  async openEncoder(spec: EncoderSpec): Promise<BlockEncoder> {
    switch (spec.kind) {
      case 'postgres':
        return (await import('./postgres/encoder.js')).makePostgresEncoder(spec);
      case 'parquet':
      case 'arrow':
      case 'csv':
        return (await import('./files/encoder.js')).makeFileEncoder(spec);
    }
  },
  async openModel(bytes, signature) {
    return (await import('./onnx/model.js')).openModel(bytes, signature);
  },
};
