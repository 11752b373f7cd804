import type { FeatureData, FeatureType } from '../domain/columns.js';
import type { RowFaults } from './faults.js';

/** An empty tensor with room for `length` elements. */
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

/** The tensor without the rows that have a fault; a typed array keeps its buffer. */
export function withoutFaults(tensor: FeatureData, width: number, faults: RowFaults): FeatureData {
  if (faults.count === 0) return tensor;
  let to = 0;
  for (let row = 0; row < faults.rows; row++) {
    if (faults.has(row)) continue;
    if (to !== row * width) tensor.copyWithin(to, row * width, (row + 1) * width);
    to += width;
  }
  return Array.isArray(tensor) ? tensor.slice(0, to) : tensor.subarray(0, to);
}
