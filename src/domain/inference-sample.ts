import type { SourceColumn } from './source.js';

/** One column of a sample: its texts as the source has them, `''` for NULL. */
export interface SampledColumn extends SourceColumn {
  readonly values: readonly string[];
  /** Whether every value that does not mean missing is a number, and at least one is. */
  readonly isNumeric: boolean;
  /** Texts among the values that mean missing in a column of numbers, the empty one included. */
  readonly missingTokens: readonly string[];
}

const NUMBER = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i;
const MISSING = new Set([
  '',
  '-',
  '?',
  '.',
  'na',
  'n/a',
  '#n/a',
  'nan',
  'null',
  'none',
  'nil',
  'missing',
  '\\n',
]);
/** `id`, `customer_id`, `row key`, `uuid`; and `customerID`. */
const IDENTIFIER = /(?:^|[^\p{L}])(?:id|key|uuid|guid)$/iu;
const CAMEL_IDENTIFIER = /\p{Ll}(?:ID|Id|Key|UUID|Uuid)$/u;

export function sampleColumn(
  column: SourceColumn,
  rows: readonly Readonly<Record<string, string>>[],
): SampledColumn {
  const values = rows.map((row) => row[column.name] ?? '');
  const missing = new Set<string>();
  let numbers = 0;
  let others = 0;
  for (const value of values) {
    if (NUMBER.test(value)) numbers += 1;
    else if (MISSING.has(value.trim().toLowerCase())) missing.add(value);
    else others += 1;
  }
  return { ...column, values, isNumeric: numbers > 0 && others === 0, missingTokens: [...missing].sort() };
}

/**
 * Columns that could identify a row, the likeliest first: a value in every row and none twice, names that look like
 * an identifier's before others, fractions last.
 */
export function keyCandidates(columns: readonly SampledColumn[]): readonly string[] {
  return columns
    .filter(({ keyType, values }) => keyType !== undefined && !values.includes('') && isUnique(values))
    .map(({ name, values }) => ({ name, rank: keyRank(name, values) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ name }) => name);
}

function keyRank(name: string, values: readonly string[]): number {
  if (IDENTIFIER.test(name) || CAMEL_IDENTIFIER.test(name)) return 0;
  return values.some((value) => NUMBER.test(value) && /[.e]/i.test(value)) ? 2 : 1;
}

function isUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
