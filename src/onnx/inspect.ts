import { createHash } from 'node:crypto';
import type { InferenceSession } from 'onnxruntime-node';
import type { ModelOutput, ModelSignature } from '../domain/model.js';
import type { Candidate, JsonObject } from '../domain/registry.js';
import { recoverClasses } from './classes.js';
import { readGraph, type Graph } from './graph.js';
import { fixedBatchOf, readInputs } from './inputs.js';
import { Lineage } from './lineage.js';
import { measureOutputs, type ProbedOutput } from './probe.js';
import { outputRoles } from './roles.js';
import { openSession, runtimeVersion } from './runtime.js';
import { readUntrusted } from './untrusted.js';
import { removeZipMap, type WithoutZipMap } from './zipmap.js';

/** Who adds a model, when (ISO 8601, UTC) and why. */
export interface Addition {
  readonly addedAt: string;
  readonly addedBy: string;
  readonly note: string | undefined;
  readonly training: JsonObject | undefined;
}

/**
 * Makes an artefact of a model file's bytes: removes ZipMap, opens the model, and measures what it takes and gives.
 * Throws kind `artefact` with code `model.load` (onnxruntime can't load it), `model.external_data`, `model.input`
 * or `model.output` (a type or shape that can't be scored row by row).
 */
export async function prepareCandidate(bytes: Uint8Array, addition: Addition): Promise<Candidate> {
  const { graph, stripped } = parse(bytes);
  const session = await openSession(stripped.bytes);
  try {
    const signature = await readSignature(session, stripped);
    const changes =
      stripped.bytes === bytes
        ? []
        : [{ what: 'removed ZipMap', originalSha256: createHash('sha256').update(bytes).digest('hex') }];
    const { opsets, producer } = graph;
    const runtime = await runtimeVersion();
    return {
      model: stripped.bytes,
      golden: undefined,
      manifest: { signature, opsets, producer, changes, runtime, golden: undefined, ...addition },
    };
  } finally {
    await session.release();
  }
}

function parse(bytes: Uint8Array): { graph: Graph; stripped: WithoutZipMap } {
  return readUntrusted(bytes, () => ({ graph: readGraph(bytes), stripped: removeZipMap(bytes) }));
}

async function readSignature(session: InferenceSession, stripped: WithoutZipMap): Promise<ModelSignature> {
  const inputs = readInputs(session.inputMetadata);
  const fixedBatch = fixedBatchOf(inputs);
  const probed = await measureOutputs(session, inputs, fixedBatch);
  const lineage = new Lineage(readGraph(stripped.bytes));
  const roles = outputRoles(lineage, probed);
  const outputs = probed.map((output, index): ModelOutput => ({
    name: output.name,
    // Dummy rows are rows too: what is no probability for them is none.
    role: roles[index] === 'probabilities' && output.outsideUnit ? 'value' : roles[index]!,
    type: output.type,
    width: output.width,
    classes: classesOf(lineage, output, stripped),
  }));
  return { inputs, outputs, fixedBatch };
}

function classesOf(lineage: Lineage, output: ProbedOutput, stripped: WithoutZipMap) {
  if (!output.type.startsWith('float')) return undefined;
  return recoverClasses(lineage, output.name, output.width, stripped.classes);
}
