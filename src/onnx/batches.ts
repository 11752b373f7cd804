import type { Tensor } from 'onnxruntime-node';
import type { CodedTexts } from '../domain/coded-texts.js';
import type { FeatureData } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import type { ModelInput } from '../domain/model.js';

/** A run of onnxruntime: rows `from` to `from + rows`, padded to `size`. */
export interface Batch {
  readonly from: number;
  readonly rows: number;
  readonly size: number;
}

/** Cuts `rows` into batches of at most `largest` rows, each padded to a multiple of `multiple`. */
export function* batches(rows: number, largest: number, multiple: number): Generator<Batch, void, undefined> {
  for (let from = 0; from < rows; from += largest) {
    const count = Math.min(largest, rows - from);
    yield { from, rows: count, size: Math.ceil(count / multiple) * multiple };
  }
}

/** Values per row of an input: 1 for shapes [N] and [N, 1], F for [N, F]. */
export function widthOf(input: ModelInput): number {
  return input.shape[1] ?? 1;
}

/** The dimensions an input's tensor has for `size` rows. */
export function dimensionsOf(input: ModelInput, size: number): number[] {
  return input.shape.length === 1 ? [size] : [size, widthOf(input)];
}

/** What a tensor is made of. */
export type TensorData = Exclude<FeatureData, CodedTexts> | readonly string[];

/** A batch's values; a view where nothing must be added. Padding repeats the last row, which the model can take. */
export function batchData(data: TensorData, width: number, batch: Batch): TensorData {
  const from = batch.from * width;
  const to = from + batch.rows * width;
  if (isTexts(data)) {
    const values = data.slice(from, to);
    const last = data.slice(to - width, to);
    for (let row = batch.rows; row < batch.size; row++) values.push(...last);
    return values;
  }
  if (batch.size === batch.rows) return data.subarray(from, to);
  const padded = emptyLike(data, batch.size * width);
  padded.set(data.subarray(from, to) as never);
  for (let row = batch.rows; row < batch.size; row++)
    padded.copyWithin(row * width, (batch.rows - 1) * width, batch.rows * width);
  return padded;
}

function isTexts(data: TensorData): data is readonly string[] {
  return Array.isArray(data);
}

function emptyLike<Data extends Exclude<TensorData, readonly string[]>>(data: Data, length: number): Data {
  return new (data.constructor as new (length: number) => Data)(length);
}

/** Throws kind `artefact` where a tensor has not `size` rows of `width` values. */
export function checkDimensions(tensor: Tensor, name: string, size: number, width: number): void {
  const [rows, columns = 1, ...more] = tensor.dims;
  if (rows === size && columns === width && more.length === 0) return;
  throw new PredawnError(
    'artefact',
    'model.output_shape',
    `Output ${name} came with shape [${tensor.dims.join(', ')}] for ${size} rows; the manifest says ${width} per row.`,
    { hint: 'Add the model again with "predawn model add", so that its outputs are measured afresh.' },
  );
}
