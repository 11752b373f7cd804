import type { DecodedBlock, DecodePlan, OutputValues } from '../domain/columns.js';
import type { JobGates } from '../domain/job-gates.js';
import type { ColumnCount, ScoreRange } from '../domain/tally.js';

/** Figures that only some gates of a job file need. Plain data: it crosses to worker threads. */
export interface AskedFigures {
  readonly scoreRanges: boolean;
  readonly missing: boolean;
}

export interface BlockFigures {
  readonly scoreRanges?: readonly ScoreRange[] | undefined;
  readonly missing?: readonly ColumnCount[] | undefined;
}

export function askedFigures(gates: JobGates | undefined): AskedFigures {
  return { scoreRanges: gates?.constant_scores !== undefined, missing: gates?.missing !== undefined };
}

/** Takes them from a block: one pass over the scores, and one over each feature that may hold NaN for missing. */
export function blockFigures(
  asked: AskedFigures,
  plan: DecodePlan,
  decoded: DecodedBlock,
  outputs: readonly OutputValues[],
): BlockFigures {
  return {
    ...(asked.scoreRanges && { scoreRanges: scoreRanges(outputs, decoded.rows) }),
    ...(asked.missing && { missing: missingValues(plan, decoded) }),
  };
}

/** Smallest and largest of every score; one that is not finite is a fault of its own. */
function scoreRanges(outputs: readonly OutputValues[], rows: number): ScoreRange[] {
  return outputs.flatMap(({ column, data, offset, stride }) => {
    if (!(data instanceof Float32Array || data instanceof Float64Array)) return [];
    let [least, most] = [Infinity, -Infinity];
    for (let row = 0, at = offset; row < rows; row++, at += stride) {
      const value = data[at]!;
      if (value < least) least = value;
      if (value > most) most = value;
    }
    return least <= most ? [{ column: column.name, least, most }] : [];
  });
}

/** NaN in the rows that were scored: decoders put it for nothing else. Each column counts once. */
function missingValues({ features, inputs }: DecodePlan, { tensors, rows }: DecodedBlock): ColumnCount[] {
  const counts = new Map<string, number>();
  for (const { column, input, offset, missing } of features) {
    const tensor = tensors[input];
    if (missing.then !== 'nan' || counts.has(column)) continue;
    if (!(tensor instanceof Float32Array || tensor instanceof Float64Array)) continue;
    const { width } = inputs[input]!;
    let count = 0;
    for (let row = 0, at = offset; row < rows; row++, at += width) {
      const value = tensor[at]!;
      if (value !== value) count++;
    }
    counts.set(column, count);
  }
  return [...counts].map(([column, count]) => ({ column, count }));
}

/** Of two parts of a run together. */
export function mergeFigures(one: BlockFigures, other: BlockFigures): BlockFigures {
  const scoreRanges = merged(one.scoreRanges, other.scoreRanges, (a, b) => ({
    column: a.column,
    least: Math.min(a.least, b.least),
    most: Math.max(a.most, b.most),
  }));
  const missing = merged(one.missing, other.missing, ({ column, count }, b) => ({
    column,
    count: count + b.count,
  }));
  return { ...(scoreRanges && { scoreRanges }), ...(missing && { missing }) };
}

function merged<Figure extends { readonly column: string }>(
  one: readonly Figure[] | undefined,
  other: readonly Figure[] | undefined,
  merge: (one: Figure, other: Figure) => Figure,
): readonly Figure[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const figures = new Map(one.map((figure) => [figure.column, figure]));
  for (const figure of other) {
    const known = figures.get(figure.column);
    figures.set(figure.column, known === undefined ? figure : merge(known, figure));
  }
  return [...figures.values()];
}
