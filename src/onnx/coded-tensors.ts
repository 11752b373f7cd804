import { endianness } from 'node:os';
import { CodedTexts } from '../domain/coded-texts.js';
import type { FeatureData } from '../domain/columns.js';
import type { OutputTensor } from '../domain/model.js';
import type { TensorData } from './batches.js';
import { type ElementData, isTexts } from './element-types.js';

/** A model input as its tensor takes it: texts as they are, or as the numbers of their categories. */
export function tensorData(data: FeatureData, categories?: ReadonlyMap<string, number>): TensorData {
  if (!(data instanceof CodedTexts)) return data;
  const { texts, codes } = data;
  if (categories === undefined) return Array.from(codes, (code) => texts[code]!);
  const numbers = Float32Array.from(texts, (text) => categories.get(text) ?? NO_CATEGORY);
  const values = new Float32Array(codes.length);
  for (let index = 0; index < values.length; index++) values[index] = numbers[codes[index]!]!;
  return values;
}

const NO_CATEGORY = -1;

/** An output's values; `classes` are the texts that its numbers stand for, if it was coded. */
export function outputTensor(data: ElementData, classes: readonly string[] | undefined): OutputTensor {
  if (classes !== undefined) return new CodedTexts(classes, lowWords(data as BigInt64Array));
  return isTexts(data) ? CodedTexts.from(data) : data;
}

/** Small integers without a BigInt for each. */
function lowWords({ buffer, byteOffset, length }: BigInt64Array): Int32Array {
  const words = new Int32Array(buffer, byteOffset, length * 2);
  const low = endianness() === 'LE' ? 0 : 1;
  const values = new Int32Array(length);
  for (let index = 0; index < length; index++) values[index] = words[2 * index + low]!;
  return values;
}
