import { CodedTexts } from './coded-texts.js';
import type { DecodePlan, FeatureData, FeatureType } from './columns.js';
import { TextDictionary } from './text-dictionary.js';

/** A tensor of `length` elements, all zero, false or empty. */
export function makeTensor(type: FeatureType, length: number): FeatureData {
  switch (type) {
    case 'float32':
      return new Float32Array(length);
    case 'float64':
      return new Float64Array(length);
    case 'int64':
      return new BigInt64Array(length);
    case 'int32':
      return new Int32Array(length);
    case 'bool':
      return new Uint8Array(length);
    case 'string':
      return new CodedTexts([''], new Int32Array(length));
  }
}

/**
 * One decoder's tensors: `dictionaries` holds, for each of the plan's inputs, the dictionary of its texts if it is one
 * of texts; `make` gives the tensors of a new block of `rows` rows, in the order of the inputs.
 */
export interface TensorMaker {
  readonly dictionaries: readonly (TextDictionary | undefined)[];
  make(rows: number): FeatureData[];
}

export function tensorMaker(inputs: DecodePlan['inputs']): TensorMaker {
  const dictionaries = inputs.map(({ type }) => (type === 'string' ? new TextDictionary() : undefined));
  return {
    dictionaries,
    make: (rows) =>
      inputs.map(
        ({ type, width }, input) =>
          dictionaries[input]?.tensor(rows * width) ?? makeTensor(type, rows * width),
      ),
  };
}
