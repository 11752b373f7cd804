/**
 * A row that was scored and that a gate of the job file objects to. Row contents: they are kept where rejected rows are,
 * and never reach a log, a message or a receipt.
 */
export interface OffendingRow {
  /** The gate, and of which feature or check. */
  readonly gate: string;
  readonly subject: string;
  /** The row's key, its columns joined by `, `; empty where it is not known. */
  readonly key: string;
  /** What is wrong with it: a value, or the row as JSON. */
  readonly row: string;
}

/** So many rows are kept for each feature or check. */
export const MOST_OFFENDING = 100;

/** Rows of two parts of a run, in their order: the first few for each subject. */
export function mergeOffending(
  one: readonly OffendingRow[],
  other: readonly OffendingRow[],
): readonly OffendingRow[] {
  if (one.length === 0 || other.length === 0) return one.length === 0 ? other : one;
  const counts = new Map<string, number>();
  return [...one, ...other].filter(({ gate, subject }) => {
    const name = `${gate}\0${subject}`;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count <= MOST_OFFENDING;
  });
}
