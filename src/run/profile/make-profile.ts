import { CodedTexts } from '../../domain/coded-texts.js';
import type { FeatureData, OutputData } from '../../domain/columns.js';
import type { ModelSignature } from '../../domain/model.js';
import { type Bins, binCount, type Profile, type ProfiledColumn } from '../../domain/profile.js';
import { countValues, numbersOf } from './count-values.js';
import { upperEdges } from './population-shift.js';

/** Categories with a bin of their own: each with so many rows at least, and so large a share of all. */
const MOST_CATEGORIES = 20;
const FEWEST_ROWS = 5;
const SMALLEST_SHARE = 0.01;

/** A sample as the model takes it, and what it gives for it. */
export interface ProfiledRows {
  readonly rows: number;
  /** In the order of the signature, row-major. */
  readonly inputs: readonly FeatureData[];
  readonly outputs: readonly OutputData[];
}

/** The bins and counts of every element of every input, and of the scores. */
export function makeProfile(signature: ModelSignature, { rows, inputs, outputs }: ProfiledRows): Profile {
  const features = signature.inputs.flatMap(({ name }, index) => profiled(name, inputs[index]!, rows));
  const scores = signature.outputs.flatMap(({ name, role }, index) => {
    const data = outputs[index]!;
    return role === 'label' || data instanceof CodedTexts ? [] : profiled(name, data, rows);
  });
  return { rows, features, scores };
}

function profiled(name: string, data: FeatureData | OutputData, rows: number): ProfiledColumn[] {
  const width = data.length / rows;
  return Array.from({ length: width }, (_, element) => {
    const place = { data, offset: element, stride: width, rows };
    const bins = binsOf(data, element, width);
    const counts = new Array<number>(binCount(bins)).fill(0);
    countValues(place, bins, counts);
    return { name, element, bins, counts };
  });
}

function binsOf(data: FeatureData | OutputData, offset: number, stride: number): Bins {
  if (data instanceof CodedTexts)
    return { kind: 'categories', categories: topCategories(data, offset, stride) };
  const all = numbersOf(data);
  const numbers = Float64Array.from({ length: all.length / stride }, (_, row) => all[row * stride + offset]!);
  const finite = numbers.filter(Number.isFinite);
  const edges = finite.length === 0 ? [] : upperEdges(finite);
  return { kind: 'numbers', edges: edges.filter(Number.isFinite) };
}

/** The most frequent ones; of equally frequent ones, by their texts. */
function topCategories({ texts, codes }: CodedTexts, offset: number, stride: number): string[] {
  const counts = new Map<string, number>();
  let rows = 0;
  for (let at = offset; at < codes.length; at += stride, rows++) {
    const text = texts[codes[at]!]!;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts]
    .filter(([, count]) => count >= FEWEST_ROWS && count >= SMALLEST_SHARE * rows)
    .sort(([a, rowsOfA], [b, rowsOfB]) => rowsOfB - rowsOfA || (a < b ? -1 : 1))
    .slice(0, MOST_CATEGORIES)
    .map(([text]) => text);
}
