/** How the values of a column are told apart; one more bin, the last, is for those that are missing. */
export type Bins =
  /** Upper edges, ascending, of all bins but the one above: each bin is closed above. */
  | { readonly kind: 'numbers'; readonly edges: readonly number[] }
  /** One bin for each category, and one for all others. */
  | { readonly kind: 'categories'; readonly categories: readonly string[] };

/** One element of a model's input or output, in the rows of a sample. */
export interface ProfiledColumn {
  /** Name of the input or output, and which of its elements. */
  readonly name: string;
  readonly element: number;
  readonly bins: Bins;
  /** Rows in each bin, the missing ones last. */
  readonly counts: readonly number[];
}

/** What a version's inputs and scores look like in rows that it was made for: `profile.json`. */
export interface Profile {
  readonly rows: number;
  readonly features: readonly ProfiledColumn[];
  /** Numbers among the outputs, but for labels. */
  readonly scores: readonly ProfiledColumn[];
}

/** How many rows a day, or a part of one, had in each bin of a profile's column. Plain data: it is kept in receipts. */
export interface Histogram {
  /** As the job has it: a column of the input, or a published score. */
  readonly column: string;
  /** Which bins: those of equal digest can be compared, whatever version they are of. */
  readonly bins: string;
  /** The profile's counts, and those of the rows. */
  readonly expected: readonly number[];
  readonly counts: readonly number[];
}

/** How many bins there are, that of missing values among them. */
export function binCount(bins: Bins): number {
  return (bins.kind === 'numbers' ? bins.edges.length : bins.categories.length) + 2;
}
