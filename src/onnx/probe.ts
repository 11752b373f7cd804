import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { OutputType } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import { makeTensor } from '../domain/tensors.js';
import type { ModelInput } from '../domain/model.js';
import { dimensionsOf, widthOf } from './batches.js';
import { tensorData } from './coded-tensors.js';
import { outputData, outputTypeOf } from './element-types.js';
import type { MeasuredOutput } from './roles.js';
import { loadRuntime } from './runtime.js';

/** An output as a run over dummy rows showed it. */
export interface ProbedOutput extends MeasuredOutput {
  /** Whether a dummy row's value lies outside [0, 1]. */
  readonly outsideUnit: boolean;
}

type Metadata = InferenceSession.ValueMetadata;

/**
 * The outputs' types and widths, measured by scoring dummy rows, since declared shapes can be wrong. Where the model
 * can't score those, as declared. Throws kind `artefact`, code `model.output`, for what is not [N], [N, 1] or [N, K].
 */
export async function measureOutputs(
  session: InferenceSession,
  inputs: readonly ModelInput[],
  fixedBatch: number | undefined,
): Promise<ProbedOutput[]> {
  const types = session.outputMetadata.map(outputType);
  // Two sizes tell a batch dimension from a constant that happens to be as long.
  const sizes = fixedBatch === undefined ? [3, 2] : [fixedBatch];
  let measured: ProbedOutput[] | undefined;
  for (const size of sizes) {
    const results = await score(session, inputs, size);
    const outputs = session.outputMetadata.map((output, index): ProbedOutput => {
      const tensor = results?.[output.name];
      const shape = tensor === undefined ? declaredShape(output, size) : tensor.dims;
      const width = widthOfShape(output.name, shape, size);
      const type = types[index]!;
      const outsideUnit = tensor !== undefined && type.startsWith('float') && leavesUnit(tensor, output.name);
      return { name: output.name, type, width, outsideUnit };
    });
    measured ??= outputs;
  }
  return measured!;
}

function outputType(output: Metadata): OutputType {
  const type = output.isTensor ? outputTypeOf(output.type) : undefined;
  if (type !== undefined) return type;
  const what = output.isTensor ? `a tensor of ${output.type}` : 'no tensor but a sequence or map';
  throw refuse(`Output ${output.name} is ${what}, which can't be published as columns.`);
}

function declaredShape(output: Metadata, size: number): number[] {
  const shape = output.isTensor ? output.shape : [];
  return shape.map((dimension, index) =>
    typeof dimension === 'number' ? dimension : index === 0 ? size : NaN,
  );
}

function widthOfShape(name: string, shape: readonly number[], size: number): number {
  const [rows, width = 1, ...more] = shape;
  if (rows === size && width > 0 && more.length === 0) return width;
  const asText = `[${shape.map((dimension) => (Number.isNaN(dimension) ? '?' : dimension)).join(', ')}]`;
  throw refuse(`Output ${name} has shape ${asText} for ${size} rows; it must be [N], [N, 1] or [N, K].`);
}

function leavesUnit(tensor: Tensor, name: string): boolean {
  const values = outputData(tensor, name) as Float32Array | Float64Array;
  return values.some((value) => value < 0 || value > 1);
}

/** Scores `size` rows of zeros, empty texts and false; undefined where the model fails on them. */
async function score(
  session: InferenceSession,
  inputs: readonly ModelInput[],
  size: number,
): Promise<InferenceSession.ReturnType | undefined> {
  const { Tensor } = await loadRuntime();
  const feeds: Record<string, Tensor> = {};
  for (const input of inputs) {
    const data = tensorData(makeTensor(input.type, size * widthOf(input)));
    feeds[input.name] = new Tensor(input.type, data, dimensionsOf(input, size));
  }
  try {
    return await session.run(feeds);
  } catch {
    return undefined;
  }
}

function refuse(message: string): PredawnError {
  return new PredawnError('artefact', 'model.output', message, {
    hint: 'Export the model with one value, or one fixed-length list of values, per row for every output.',
  });
}
