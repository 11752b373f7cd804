const MOST_BINS = 10;
/** Added to each bin's count, so that an empty bin makes no infinity. */
const PSEUDO_COUNT = 0.5;

/**
 * Population stability index of one score: how far `compared` has moved from `reference`, as
 * sum over bins of (c - r) ln(c / r), where r and c are the shares of both in a bin. 0 for the same distribution, never
 * negative; from 0.1 on people look, from 0.25 on the population is another one.
 *
 * Bins are the tenths of `reference`, each closed above: fewer where values repeat, and one more below the smallest
 * value where a tenth or more of `reference` has that very value. Half a row is added to every bin. So only the order
 * of values matters, not their scale. NaN is not allowed.
 *
 * @param reference at least one value; both arrays are left as they are
 */
export function populationShift(reference: Float64Array, compared: Float64Array): number {
  const sorted = Float64Array.from(reference).sort();
  const edges = upperEdges(sorted);
  const bins = edges.length + 1;
  const expected = shares(reference, edges, bins);
  const found = shares(compared, edges, bins);
  let shift = 0;
  for (let bin = 0; bin < bins; bin++) {
    shift += (found[bin]! - expected[bin]!) * Math.log(found[bin]! / expected[bin]!);
  }
  return Math.max(0, shift);
}

/** Upper edges of all bins but the last, ascending, each one once. */
function upperEdges(sorted: Float64Array): number[] {
  const edges: number[] = [];
  for (let tenth = 1; tenth < MOST_BINS; tenth++) {
    const edge = sorted[Math.ceil((tenth * sorted.length) / MOST_BINS) - 1]!;
    if (edge !== edges.at(-1)) edges.push(edge);
  }
  const [lowest] = sorted;
  // A bin for what is below it: else values moving from there downwards would stay in the bin they were in.
  if (edges[0] === lowest) edges.unshift(nextBelow(lowest!));
  return edges;
}

/** The largest double below a value; -0 and 0 are one. */
function nextBelow(value: number): number {
  if (value === 0) return -Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  view.setBigInt64(0, view.getBigInt64(0) + (value > 0 ? -1n : 1n));
  return view.getFloat64(0);
}

function shares(values: Float64Array, edges: readonly number[], bins: number): number[] {
  const counts = new Array<number>(bins).fill(PSEUDO_COUNT);
  for (const value of values) counts[binOf(value, edges)]!++;
  const total = values.length + PSEUDO_COUNT * bins;
  return counts.map((count) => count / total);
}

function binOf(value: number, edges: readonly number[]): number {
  let bin = 0;
  while (bin < edges.length && value > edges[bin]!) bin++;
  return bin;
}
