import type { InferenceSession } from 'onnxruntime-node';
import { describeError, PredawnError } from '../domain/errors.js';

type Runtime = typeof import('onnxruntime-node');

let loaded: Promise<Runtime> | undefined;

/** onnxruntime, imported when it is first needed: it costs most of a command's start-up. */
export function loadRuntime(): Promise<Runtime> {
  loaded ??= import('onnxruntime-node').then((runtime) => {
    // Read once, when the first session is made. What matters is thrown; stderr belongs to the logger.
    runtime.env.logLevel = 'fatal';
    return runtime;
  });
  return loaded;
}

/** Name and version, for manifests and receipts: `onnxruntime-node 1.30.0`. */
export async function runtimeVersion(): Promise<string> {
  const runtime = await loadRuntime();
  return `onnxruntime-node ${runtime.env.versions.node ?? runtime.env.versions.common}`;
}

const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  // More than one thread changes the last bits from run to run; predawn's parallelism is worker threads.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  // The arena keeps one sub-batch's buffers for the next; a memory pattern would be kept for every batch size seen.
  enableCpuMemArena: true,
  enableMemPattern: false,
  logSeverityLevel: 4,
};

/** Opens a session; throws kind `artefact`, code `model.load`, with onnxruntime's reason. */
export async function openSession(model: Uint8Array): Promise<InferenceSession> {
  const runtime = await loadRuntime();
  // onnxruntime refuses shared memory, so that a model in shared memory is copied here, once per session.
  const own = model.buffer instanceof SharedArrayBuffer ? new Uint8Array(model) : model;
  try {
    return await runtime.InferenceSession.create(own, OPTIONS);
  } catch (thrown) {
    throw new PredawnError(
      'artefact',
      'model.load',
      `onnxruntime can't load the model: ${reasonOf(thrown)}`,
      {
        hint: 'Export the model again for a version of ONNX that onnxruntime reads, and try it there first.',
        cause: thrown,
      },
    );
  }
}

/** The first line of what onnxruntime says, without the places in its own source that it begins with. */
export function reasonOf(thrown: unknown): string {
  const line =
    describeError(thrown)
      .split('\n')
      .find((text) => text.trim() !== '') ?? 'no reason given';
  return line
    .replaceAll(/(^|\s)(?:[A-Za-z]:)?[\w.-]*[\\/][^\s:]*(?::\d+)?/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
