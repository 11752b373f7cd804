import type { InferenceSession } from 'onnxruntime-node';
import { PredawnError } from '../domain/errors.js';
import type { ModelInput } from '../domain/model.js';
import { isFeatureType } from './element-types.js';

type Metadata = InferenceSession.ValueMetadata;

/**
 * A session's inputs as a signature has them. Throws kind `artefact`, code `model.input`, naming the input, for a type
 * or shape that source columns can't fill: shapes are [N], [N, 1] or [N, F] with a fixed F.
 */
export function readInputs(metadata: readonly Metadata[]): ModelInput[] {
  if (metadata.length === 0) {
    throw refuse('The model has no inputs.', 'Export the model with the features as its inputs.');
  }
  return metadata.map(readInput);
}

function readInput(input: Metadata): ModelInput {
  if (!input.isTensor) {
    throw refuse(
      `Input ${input.name} is no tensor.`,
      'Export the model with one tensor per feature, or one matrix.',
    );
  }
  const { name, type } = input;
  if (!isFeatureType(type)) {
    throw refuse(
      `Input ${name} has element type ${type}; predawn can feed float32, float64, int64, int32, bool and string.`,
      'Add a Cast from float32 or int64 in front of it, or export the model with such an input.',
    );
  }
  const shape = input.shape.map((size) => (typeof size === 'number' ? size : null));
  const asText = `[${input.shape.map((size) => (size === '' ? '?' : size)).join(', ')}]`;
  if (shape.length < 1 || shape.length > 2 || shape.includes(0)) {
    throw refuse(
      `Input ${name} has shape ${asText}; a row can fill [N], [N, 1] or [N, F].`,
      'Export the model so that its first dimension is the batch and its second the features.',
    );
  }
  if (shape[1] === null) {
    throw refuse(
      `Input ${name} has shape ${asText}, which leaves the number of features open.`,
      'Export the model with the number of features fixed, such as FloatTensorType([None, 8]).',
    );
  }
  return { name, type, shape };
}

/** The batch size of a model exported with a fixed one; throws where inputs have different ones. */
export function fixedBatchOf(inputs: readonly ModelInput[]): number | undefined {
  const sizes = new Set(inputs.map((input) => input.shape[0] ?? null).filter((size) => size !== null));
  if (sizes.size > 1) {
    throw refuse(
      `The inputs are fixed to different numbers of rows (${[...sizes].join(', ')}).`,
      'Export the model with an open first dimension.',
    );
  }
  return [...sizes][0];
}

function refuse(message: string, hint: string): PredawnError {
  return new PredawnError('artefact', 'model.input', message, { hint });
}
