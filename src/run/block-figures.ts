import type { DecodedBlock, DecodePlan, OutputValues } from '../domain/columns.js';
import { mergeOffending, type OffendingRow } from '../domain/offending.js';
import type { Histogram } from '../domain/profile.js';
import type { ColumnCount, Distributions, ScoreRange } from '../domain/tally.js';
import { type CountedColumns, countFeatures, countScores } from './profile/counted-columns.js';
import type { BrokenRules, RowRule } from './row-rules.js';
import { countUnknown, type EncodedFeature } from './unknown-categories.js';

/** Figures that only some gates of a job file need. Plain data: it crosses to worker threads. */
export interface AskedFigures {
  readonly scoreRanges: boolean;
  readonly missing: boolean;
  /** In the bins of the artefact's profile, where it has one. */
  readonly counted?: CountedColumns | undefined;
  /** Features whose categories the model's encoders know. */
  readonly encoded?: readonly EncodedFeature[] | undefined;
  readonly rules?: readonly RowRule[] | undefined;
}

export interface BlockFigures {
  readonly scoreRanges?: readonly ScoreRange[] | undefined;
  readonly missing?: readonly ColumnCount[] | undefined;
  readonly distributions?: Distributions | undefined;
  readonly unknownCategories?: readonly ColumnCount[] | undefined;
  readonly brokenRules?: readonly ColumnCount[] | undefined;
  readonly offending?: readonly OffendingRow[] | undefined;
}

/** Takes them from a block: one pass over each score and feature that is asked for. */
export function blockFigures(
  asked: AskedFigures,
  plan: DecodePlan,
  decoded: DecodedBlock,
  outputs: readonly OutputValues[],
  broken?: BrokenRules,
): BlockFigures {
  const unknown = asked.encoded && countUnknown(asked.encoded, plan, decoded);
  const offending = mergeOffending(unknown?.rows ?? [], broken?.rows ?? []);
  return {
    ...(unknown && { unknownCategories: unknown.counts }),
    ...(broken && { brokenRules: broken.counts }),
    ...(offending.length > 0 && { offending }),
    ...(asked.scoreRanges && { scoreRanges: scoreRanges(outputs, decoded.rows) }),
    ...(asked.missing && { missing: missingValues(plan, decoded) }),
    ...(asked.counted && {
      distributions: {
        features: countFeatures(asked.counted.features, plan, decoded),
        scores: countScores(asked.counted.scores, outputs, decoded.rows),
      },
    }),
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
  const missing = merged(one.missing, other.missing, addCounts);
  const unknownCategories = merged(one.unknownCategories, other.unknownCategories, addCounts);
  const brokenRules = merged(one.brokenRules, other.brokenRules, addCounts);
  const offending = mergeOffending(one.offending ?? [], other.offending ?? []);
  const distributions = mergeDistributions(one.distributions, other.distributions);
  return {
    ...(scoreRanges && { scoreRanges }),
    ...(missing && { missing }),
    ...(unknownCategories && { unknownCategories }),
    ...(brokenRules && { brokenRules }),
    ...(offending.length > 0 && { offending }),
    ...(distributions && { distributions }),
  };
}

function addCounts({ column, count }: ColumnCount, other: ColumnCount): ColumnCount {
  return { column, count: count + other.count };
}

function mergeDistributions(
  one: Distributions | undefined,
  other: Distributions | undefined,
): Distributions | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const added = (a: Histogram, b: Histogram): Histogram => ({
    ...a,
    counts: a.counts.map((count, bin) => count + b.counts[bin]!),
  });
  return {
    features: merged(one.features, other.features, added)!,
    scores: merged(one.scores, other.scores, added)!,
  };
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
