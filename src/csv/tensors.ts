import type { FeatureData } from '../domain/columns.js';
import type { RowFaults } from './faults.js';

/** The tensor without the rows that have a fault. */
export function withoutFaults(tensor: FeatureData, width: number, faults: RowFaults): FeatureData {
  if (faults.count === 0) return tensor;
  let to = 0;
  for (let row = 0; row < faults.rows; row++) {
    if (faults.has(row)) continue;
    if (to !== row * width) tensor.copyWithin(to, row * width, (row + 1) * width);
    to += width;
  }
  return tensor.subarray(0, to);
}
