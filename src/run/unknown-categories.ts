import type { Binding } from '../domain/binding.js';
import { CodedTexts } from '../domain/coded-texts.js';
import type { DecodedBlock, DecodePlan, FeatureData } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import { keyText } from '../domain/key-text.js';
import type { KnownCategories } from '../domain/model.js';
import { MOST_OFFENDING, type OffendingRow } from '../domain/offending.js';
import type { ColumnCount } from '../domain/tally.js';

/** A feature whose categories an encoder of the model knows. Plain data: it crosses to worker threads. */
export interface EncodedFeature {
  readonly column: string;
  readonly input: number;
  readonly offset: number;
  /** Texts; integers as texts, too. */
  readonly categories: ReadonlySet<string>;
}

/**
 * The features of a job that encoders read; a source column that feeds several inputs is looked at once.
 *
 * @param named columns that must be among them
 * @throws PredawnError kind `configuration`, code `gate.no_encoder`, for one that is not
 */
export function encodedFeatures(
  known: readonly KnownCategories[],
  { plan }: Pick<Binding, 'plan'>,
  named: readonly string[],
): readonly EncodedFeature[] {
  const found = new Map<string, EncodedFeature>();
  for (const { column, input, offset } of plan.features) {
    const { name } = plan.inputs[input]!;
    const encoder = known.find((each) => each.input === name && each.element === offset);
    if (encoder === undefined || found.has(column)) continue;
    found.set(column, { column, input, offset, categories: new Set(encoder.categories) });
  }
  const without = named.find((column) => !found.has(column));
  if (without !== undefined) throw noEncoder(without, [...found.keys()]);
  return [...found.values()];
}

function noEncoder(column: string, known: readonly string[]): PredawnError {
  return new PredawnError(
    'configuration',
    'gate.no_encoder',
    `gates.unknown_categories "${column}": no encoder of the model says which categories that column may have.`,
    { hint: known.length === 0 ? 'Leave the gate out.' : `Columns that encoders read: ${known.join(', ')}.` },
  );
}

export interface UnknownCategories {
  readonly counts: readonly ColumnCount[];
  /** The first few rows of each feature. */
  readonly rows: readonly OffendingRow[];
}

/** Rows of a block in which a feature has a category that no encoder knows: a missing value is one, where it is a text. */
export function countUnknown(
  features: readonly EncodedFeature[],
  { inputs }: DecodePlan,
  { tensors, keys, rows }: Pick<DecodedBlock, 'tensors' | 'keys' | 'rows'>,
): UnknownCategories {
  const offending: OffendingRow[] = [];
  const counts = features.map(({ column, input, offset, categories }) => {
    const stride = inputs[input]!.width;
    const isUnknown = tester(tensors[input]!, categories);
    let count = 0;
    for (let row = 0, at = offset; isUnknown !== undefined && row < rows; row++, at += stride) {
      const text = isUnknown(at);
      if (text === undefined || count++ >= MOST_OFFENDING) continue;
      offending.push({ gate: 'unknown_categories', subject: column, key: keyText(keys, row), row: text });
    }
    return { column, count };
  });
  return { counts, rows: offending };
}

/** Gives the category at a place where it is unknown; undefined where a block has none such, as nearly always. */
function tester(
  data: FeatureData,
  categories: ReadonlySet<string>,
): ((at: number) => string | undefined) | undefined {
  if (data instanceof CodedTexts) {
    const { texts, codes } = data;
    const unknown = texts.map((text) => !categories.has(text));
    if (!unknown.includes(true)) return undefined;
    return (at) => (unknown[codes[at]!]! ? texts[codes[at]!] : undefined);
  }
  // What a graph casts to an integer before it is encoded is cut off there.
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  const known = new Map<number | bigint, boolean>();
  return (at) => {
    const value = data[at]!;
    let isKnown = known.get(value);
    if (isKnown === undefined) {
      isKnown = categories.has(String(isFloat ? Math.trunc(value as number) : value));
      if (known.size < MOST_REMEMBERED) known.set(value, isKnown);
    }
    return isKnown ? undefined : String(value);
  };
}

const MOST_REMEMBERED = 10_000;
