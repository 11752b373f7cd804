import type { InferenceSession, Tensor } from 'onnxruntime-node';
import type { FeatureData, OutputType } from '../domain/columns.js';
import { describeError, PredawnError } from '../domain/errors.js';
import type { Model, ModelInput, ModelSignature, OutputTensor } from '../domain/model.js';
import {
  type Batch,
  batchData,
  batches,
  checkDimensions,
  dimensionsOf,
  type TensorData,
  widthOf,
} from './batches.js';
import { type CodedGraph, codeTexts } from './coded-graph.js';
import { outputTensor, tensorData } from './coded-tensors.js';
import { type ElementData, isTexts, outputData } from './element-types.js';
import { readGraph } from './graph.js';
import { knownCategories } from './known-categories.js';
import { loadRuntime, openSession } from './runtime.js';
import { readUntrusted } from './untrusted.js';

/**
 * Rows per run of onnxruntime. Measured with linear models, boosted trees and a forest of 500: from 256 to 16,384 rows
 * speed differs by up to a third, and 4,096 are within 15 % of the best for each, in little memory.
 */
const LARGEST_BATCH = 4096;

/**
 * Batches are padded to a multiple of this, so that a row has the same bits in every batch. Measured in batches of 1, 2,
 * 3, 7, 512 and all rows: the trees and regressors of scikit-learn give the same bits anyway; its linear classifiers
 * differ in a third of the values at 1 (a product with one row takes another path), and neural networks in others too
 * (element-wise functions such as Softplus treat what is left over at the end of a vector register apart). With 2 the
 * linear models agree, with 16 the networks do as well.
 */
const ROW_MULTIPLE = 16;

/**
 * Opens a model on this thread. `signature` is the manifest's. Throws kind `artefact`: `model.load` with onnxruntime's
 * reason, `model.external_data`, `model.signature` where inputs or outputs are other than the signature says. `score` throws kind `artefact`,
 * code `model.output_shape` or `model.run`, and kind `data`, code `model.output_range`.
 */
export async function openModel(model: Uint8Array, signature: ModelSignature): Promise<Model> {
  const { Tensor } = await loadRuntime();
  const coded = readUntrusted(model, () => codeTexts(model));
  const session = await openSession(coded.bytes);
  checkSignature(session, signature, coded);
  const largest = signature.fixedBatch ?? LARGEST_BATCH;
  const multiple = signature.fixedBatch ?? ROW_MULTIPLE;
  const fetches = signature.outputs.map((output) => output.name);

  async function run(inputs: readonly TensorData[], batch: Batch): Promise<ElementData[]> {
    const feeds: Record<string, Tensor> = {};
    for (const [index, input] of signature.inputs.entries()) {
      const data = batchData(inputs[index]!, widthOf(input), batch);
      feeds[input.name] = new Tensor(elementType(input, coded), data, dimensionsOf(input, batch.size));
    }
    const results = await runSession(session, feeds, fetches);
    return signature.outputs.map((output) => {
      const tensor = results[output.name]!;
      checkDimensions(tensor, output.name, batch.size, output.width);
      return outputData(tensor, output.name);
    });
  }

  async function scoreBatches(inputs: readonly TensorData[], rows: number): Promise<readonly ElementData[]> {
    const whole = signature.outputs.map(({ name, type, width }) =>
      allocate(coded.outputs.has(name) ? 'int8' : type, rows * width),
    );
    for (const batch of batches(rows, largest, multiple)) {
      const parts = await run(inputs, batch);
      if (batch.rows === rows && batch.size === rows) return parts;
      for (const [index, { width }] of signature.outputs.entries()) {
        place(parts[index]!, batch.rows * width, whole[index]!, batch.from * width);
      }
    }
    return whole;
  }

  async function score(inputs: readonly FeatureData[], rows: number): Promise<readonly OutputTensor[]> {
    checkLengths(signature.inputs, inputs, rows);
    const data = signature.inputs.map(({ name }, index) =>
      tensorData(inputs[index]!, coded.inputs.get(name)),
    );
    const scores = await scoreBatches(data, rows);
    return signature.outputs.map(({ name }, index) => outputTensor(scores[index]!, coded.outputs.get(name)));
  }

  return {
    signature,
    score,
    knownCategories: () => knownCategories(readGraph(model)),
    close: () => session.release(),
  };
}

function elementType({ name, type }: ModelInput, coded: CodedGraph): ModelInput['type'] {
  return coded.inputs.has(name) ? 'float32' : type;
}

async function runSession(
  session: InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
  fetches: readonly string[],
): Promise<InferenceSession.ReturnType> {
  try {
    return await session.run(feeds, fetches);
  } catch (thrown) {
    // The rest of onnxruntime's reason may show values of a row; it stays in the cause.
    const operator = /running (\w+ node)/.exec(describeError(thrown))?.[1] ?? 'it';
    throw new PredawnError(
      'artefact',
      'model.run',
      `onnxruntime can't score these rows: ${operator} failed.`,
      {
        hint: 'Look for values that the model was not trained to take, such as a category it has no entry for.',
        cause: thrown,
      },
    );
  }
}

function checkSignature(session: InferenceSession, signature: ModelSignature, coded: CodedGraph): void {
  const expected = signature.inputs.map((input) => `${input.name}: ${input.type}`);
  const found = session.inputMetadata.map((input) => {
    const type = input.isTensor ? input.type : 'other';
    return `${input.name}: ${coded.inputs.has(input.name) ? 'string' : type}`;
  });
  const missing = signature.outputs.find((output) => !session.outputNames.includes(output.name));
  if (expected.join() === found.join() && missing === undefined) return;
  const difference =
    missing === undefined
      ? `has inputs (${found.join(', ')}), its manifest says (${expected.join(', ')})`
      : `has no output ${missing.name}, which its manifest names`;
  throw new PredawnError('artefact', 'model.signature', `The model ${difference}.`, {
    hint: 'Add the model again with "predawn model add".',
  });
}

function checkLengths(inputs: readonly ModelInput[], data: readonly FeatureData[], rows: number): void {
  for (const [index, input] of inputs.entries()) {
    const expected = rows * widthOf(input);
    if (data[index]?.length === expected) continue;
    const message = `Input ${input.name} got ${data[index]?.length ?? 0} values for ${rows} rows; it takes ${expected}.`;
    throw new PredawnError('internal', 'model.input_length', message);
  }
}

function allocate(type: OutputType, length: number): ElementData {
  switch (type) {
    case 'float4':
      return new Float32Array(length);
    case 'float8':
      return new Float64Array(length);
    case 'int4':
      return new Int32Array(length);
    case 'int8':
      return new BigInt64Array(length);
    case 'bool':
      return new Uint8Array(length);
    case 'text':
      return new Array<string>(length);
  }
}

function place(part: ElementData, length: number, whole: ElementData, at: number): void {
  if (isTexts(part)) {
    const texts = whole as string[];
    for (let index = 0; index < length; index++) texts[at + index] = part[index]!;
    return;
  }
  const numbers = part as Float32Array;
  (whole as Float32Array).set(numbers.subarray(0, length), at);
}
