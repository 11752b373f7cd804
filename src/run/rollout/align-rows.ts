import type { DecodedBlock, KeyColumn, Reject } from '../../domain/columns.js';

/**
 * For each row of one decoding its row in another one of the same block that rejects more, or -1 where that rejects it.
 * Both are in input order, so that rows are found by their keys, one after the other. (Where a key is there twice, and
 * one of its rows rejected, the first one takes the other's place: such an input is not published.)
 */
export function alignRows(decoded: DecodedBlock, stricter: DecodedBlock): Int32Array {
  const places = new Int32Array(decoded.rows).fill(-1);
  let next = 0;
  for (let row = 0; row < decoded.rows && next < stricter.rows; row++) {
    if (sameKeys(decoded.keys, row, stricter.keys, next)) places[row] = next++;
  }
  return places;
}

/** Rejects of records that the other decoding did not reject, in input order. */
export function onlyIn(rejects: readonly Reject[], others: readonly Reject[]): readonly Reject[] {
  const lines = new Set(others.map(({ line }) => line));
  return rejects.filter(({ line }) => !lines.has(line));
}

function sameKeys(
  ones: readonly KeyColumn[],
  row: number,
  others: readonly KeyColumn[],
  other: number,
): boolean {
  return ones.every(({ offsets, bytes }, index) => {
    const second = others[index]!;
    const [start, from] = [offsets[row]!, second.offsets[other]!];
    const length = offsets[row + 1]! - start;
    if (second.offsets[other + 1]! - from !== length) return false;
    for (let at = 0; at < length; at++) if (bytes[start + at] !== second.bytes[from + at]) return false;
    return true;
  });
}
