import * as z from 'zod';
import { describeError } from './errors.js';
import { binCount, type Profile } from './profile.js';
import { damaged } from './registry-errors.js';

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
