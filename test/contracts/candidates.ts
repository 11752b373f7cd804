import { createHash } from 'node:crypto';
import type { Candidate } from '../../src/domain/registry.js';

/** Any bytes: a registry does not look into a model. */
export function candidateOf(content: string, original?: string): Candidate {
  return {
    model: new TextEncoder().encode(content),
    golden: undefined,
    manifest: {
      signature: {
        inputs: [{ name: 'x', type: 'float32', shape: [null, 3] }],
        outputs: [
          { name: 'label', role: 'label', type: 'int8', width: 1, classes: undefined },
          { name: 'p', role: 'probabilities', type: 'float4', width: 2, classes: ['No', 'Yes'] },
        ],
        fixedBatch: undefined,
      },
      opsets: { 'ai.onnx': 17, 'ai.onnx.ml': 3 },
      producer: 'test 1.0',
      changes: original === undefined ? [] : [{ what: 'removed ZipMap', originalSha256: sha256(original) }],
      runtime: 'onnxruntime-node 1.30.0',
      addedAt: '2026-11-21T06:00:00.000Z',
      addedBy: 'ada',
      note: undefined,
      golden: undefined,
      training: undefined,
    },
  };
}

export function sha256(content: string): string {
  return createHash('sha256').update(content).digest('hex');
}

/** The same with a profile: any bytes, too. */
export function profiledCandidateOf(content: string, profile: string, from: 'golden' | 'sample'): Candidate {
  const { model, golden, manifest } = candidateOf(content);
  const bytes = new TextEncoder().encode(profile);
  return { model, golden, profile: bytes, manifest: { ...manifest, profile: { rows: 1, from } } };
}

/** The same with golden rows: any bytes, too. */
export function goldenCandidateOf(content: string, golden: string, relative = 1e-5): Candidate {
  const { model, manifest } = candidateOf(content);
  const facts = { rows: 1, tolerance: { relative, absolute: 0 }, expectedFrom: 'given' as const };
  return { model, golden: new TextEncoder().encode(golden), manifest: { ...manifest, golden: facts } };
}
