import { distance } from 'fastest-levenshtein';

/** A name as skl2onnx and others rewrite it for a graph: `education-num` becomes `education_num`. */
export function asIdentifier(name: string): string {
  return name.replace(/[^\p{L}\p{N}]/gu, '_');
}

/**
 * The candidate that was probably meant: the same but for case and punctuation, else the one that is a few
 * keystrokes away. Undefined where nothing is near.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  const wanted = asIdentifier(name).toLowerCase();
  const farthest = farthestSlip(wanted.length);
  let best: string | undefined;
  let bestDistance = farthest + 1;
  for (const candidate of candidates) {
    const candidateDistance = distance(wanted, asIdentifier(candidate).toLowerCase());
    if (candidateDistance < bestDistance) {
      best = candidate;
      bestDistance = candidateDistance;
    }
  }
  return best;
}

/** How many letters may differ: two neighbours swapped are two, a third of a long name may, never all of one. */
function farthestSlip(length: number): number {
  return length < 3 ? length - 1 : Math.max(2, Math.floor(length / 3));
}

/** `Did you mean "x"?`, or what to say where nothing is near. */
export function didYouMean(name: string, candidates: Iterable<string>, otherwise: string): string {
  const meant = nearest(name, candidates);
  return meant === undefined ? otherwise : `Did you mean "${meant}"?`;
}
