const MOST_BINS = 10;
/** Added to each bin's count, so that an empty bin makes no infinity. */
const PSEUDO_COUNT = 0.5;

/**
 * Population stability index of one score: how far `compared` has moved from `reference`. Bins are those of
 * `upperEdges`: only the order of values matters, not their scale. NaN is not allowed.
 *
 * @param reference at least one value; both arrays are left as they are
 */
export function populationShift(reference: Float64Array, compared: Float64Array): number {
  const edges = upperEdges(reference);
  return shiftOfCounts(countsIn(reference, edges), countsIn(compared, edges));
}

/**
 * The same of counts by bin: the sum over bins of (c - r) ln(c / r), where r and c are the shares of both in a bin. 0 for
 * the same distribution, never negative; from 0.1 on people look, from 0.25 on the population is another one. Half a row
 * is added to every bin, but for those that both leave empty.
 */
export function shiftOfCounts(reference: readonly number[], compared: readonly number[]): number {
  const bins = reference.map((_, bin) => bin).filter((bin) => reference[bin]! + compared[bin]! > 0);
  const expected = shares(bins.map((bin) => reference[bin]!));
  const found = shares(bins.map((bin) => compared[bin]!));
  const terms = found.map((share, bin) => (share - expected[bin]!) * Math.log(share / expected[bin]!));
  return Math.max(
    0,
    terms.reduce((sum, term) => sum + term, 0),
  );
}

/**
 * What the index of two samples of one and the same population is about by chance: more for fewer rows.
 */
export function chanceShift(reference: readonly number[], compared: readonly number[]): number {
  const bins = reference.filter((count, bin) => count + compared[bin]! > 0).length;
  return (bins - 1) * (1 / total(reference) + 1 / total(compared));
}

/**
 * Upper edges of all bins but the last, ascending, each one once: the tenths of `values`, each bin closed above. Fewer
 * where values repeat, and one more below the smallest value where a tenth or more of `values` has that very value.
 *
 * @param values at least one, none NaN; left as they are
 */
export function upperEdges(values: Float64Array): number[] {
  const sorted = Float64Array.from(values).sort();
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

function countsIn(values: Float64Array, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const value of values) counts[binOf(value, edges)]!++;
  return counts;
}

/** The first bin whose upper edge a value does not exceed. */
export function binOf(value: number, edges: readonly number[]): number {
  let bin = 0;
  while (bin < edges.length && value > edges[bin]!) bin++;
  return bin;
}

function shares(counts: readonly number[]): number[] {
  const rows = total(counts) + PSEUDO_COUNT * counts.length;
  return counts.map((count) => (count + PSEUDO_COUNT) / rows);
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
