import type { Binding } from '../../domain/binding.js';
import type { DecodedBlock, DecodePlan, FeatureData, OutputValues } from '../../domain/columns.js';
import type { ModelSignature } from '../../domain/model.js';
import {
  type Bins,
  binCount,
  type Histogram,
  type Profile,
  type ProfiledColumn,
} from '../../domain/profile.js';
import { sha256 } from '../../domain/sealed-record.js';
import { countValues, type Values } from './count-values.js';

/** Which columns of a block are counted, in which bins. Plain data: it crosses to worker threads. */
export interface CountedColumns {
  readonly features: readonly CountedColumn[];
  readonly scores: readonly CountedColumn[];
}

export interface CountedColumn {
  readonly column: string;
  /** Which input, and where in its rows; of a score, its place among the published outputs. */
  readonly index: number;
  readonly offset: number;
  readonly bins: Bins;
  readonly digest: string;
  readonly expected: readonly number[];
}

/** The features and published scores of a job that a profile knows. A source column that feeds several inputs is counted once. */
export function countedColumns(
  profile: Profile,
  signature: ModelSignature,
  { plan, outputs }: Pick<Binding, 'plan' | 'outputs'>,
  asked: { readonly features: boolean; readonly scores: boolean },
): CountedColumns {
  const find = (columns: readonly ProfiledColumn[], name: string, element: number) =>
    columns.find((column) => column.name === name && column.element === element);
  const seen = new Set<string>();
  const features = plan.features.flatMap(({ column, input, offset }) => {
    const known = find(profile.features, plan.inputs[input]!.name, offset);
    if (known === undefined || seen.has(column)) return [];
    seen.add(column);
    return [counted(column, input, offset, known)];
  });
  const scores = outputs.flatMap(({ name, output, element }, index) => {
    const known = find(profile.scores, signature.outputs[output]!.name, element);
    return known === undefined ? [] : [counted(name, index, 0, known)];
  });
  return { features: asked.features ? features : [], scores: asked.scores ? scores : [] };
}

function counted(
  column: string,
  index: number,
  offset: number,
  { bins, counts }: ProfiledColumn,
): CountedColumn {
  const digest = sha256(new TextEncoder().encode(JSON.stringify(bins))).slice(0, 16);
  return { column, index, offset, bins, digest, expected: counts };
}

/** Counts the rows of a block that were scored. */
export function countFeatures(
  columns: readonly CountedColumn[],
  { inputs }: DecodePlan,
  { tensors, rows }: Pick<DecodedBlock, 'tensors' | 'rows'>,
): Histogram[] {
  return columns.map((column) => {
    const { index, offset } = column;
    return histogram(column, { data: tensors[index]!, offset, stride: inputs[index]!.width, rows });
  });
}

/** The same of what the model gave for them; nothing for a block without rows. */
export function countScores(
  columns: readonly CountedColumn[],
  outputs: readonly OutputValues[],
  rows: number,
): Histogram[] {
  return columns.flatMap((column) => {
    const values = outputs[column.index];
    return values === undefined ? [] : [histogram(column, { ...values, rows })];
  });
}

function histogram(
  { column, bins, digest, expected }: CountedColumn,
  values: Values<FeatureData>,
): Histogram {
  const counts = new Array<number>(binCount(bins)).fill(0);
  countValues(values, bins, counts);
  return { column, bins: digest, expected, counts };
}
