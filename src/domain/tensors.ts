import type { FeatureData, FeatureType } from './columns.js';

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
      return new Array<string>(length).fill('');
  }
}
