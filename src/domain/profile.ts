import * as z from 'zod';
import { describeError } from './errors.js';
import { damaged } from './registry-errors.js';

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

const count = z.int().nonnegative();
const columns = z.array(
  z
    .object({
      name: z.string(),
      element: count,
      bins: z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('numbers'), edges: z.array(z.number()) }),
        z.object({ kind: z.literal('categories'), categories: z.array(z.string()) }),
      ]),
      counts: z.array(count),
    })
    .refine(({ bins, counts }) => counts.length === binCount(bins), {
      error: 'has another number of counts than of bins',
    }),
);
const profile = z.object({ rows: z.int().positive(), features: columns, scores: columns });

/** The bytes of `profile.json`. */
export function profileBytes(made: Profile): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(made)}\n`);
}

/**
 * Reads `profile.json`; `where` is its place, for messages.
 *
 * @throws PredawnError kind `artefact`, code `registry.damaged`, for bytes that are none
 */
export function readProfile(bytes: Uint8Array, where: string): Profile {
  try {
    return profile.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (thrown) {
    throw damaged(where, describeError(thrown), thrown);
  }
}
