import { PredawnError } from '../domain/errors.js';
import type { Publication } from '../domain/publication.js';
import type { MoveRequest, MoveResult } from '../domain/slice-move.js';

/** What became of one date of a range. */
export interface RestoredDate {
  readonly asOf: string;
  /** Undefined where it failed, or was not tried. */
  readonly result: MoveResult | undefined;
  readonly error: PredawnError | undefined;
}

/** A date's request without the date. */
export type RestoreRequest = Omit<MoveRequest, 'id' | 'action' | 'asOf'>;

/**
 * Restores dates one after the other. A date that can't be restored, or whose lock is held, does not stop the others;
 * whatever would stop them too does: the rest is not tried then. Never throws a PredawnError: it is the date's.
 */
export async function restoreSlices(
  publication: Publication,
  dates: readonly string[],
  request: RestoreRequest,
  context: { readonly signal: AbortSignal; newAttemptId(): string },
): Promise<readonly RestoredDate[]> {
  const restored: RestoredDate[] = [];
  let stopped = false;
  for (const asOf of dates) {
    if (stopped) {
      restored.push({ asOf, result: undefined, error: undefined });
      continue;
    }
    try {
      const id = context.newAttemptId();
      const result = await publication.moveSlice({ ...request, id, action: 'restore', asOf }, context.signal);
      restored.push({ asOf, result, error: undefined });
    } catch (error) {
      if (!(error instanceof PredawnError)) throw error;
      restored.push({ asOf, result: undefined, error });
      stopped = !concernsDateAlone(error);
    }
  }
  return restored;
}

function concernsDateAlone({ kind, code }: PredawnError): boolean {
  return kind === 'usage' || kind === 'data' || code === 'lock.held';
}
