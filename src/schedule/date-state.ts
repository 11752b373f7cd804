import type { LedgerDate } from '../domain/ledger.js';

/**
 * A data date at a glance. `published` may be followed by a run that failed; `running` may have been killed. `missing`
 * was due and has no attempt; `due later` and `not due` have none either, and need none.
 */
export type DateState =
  | 'published'
  | 'published, then failed'
  | 'running'
  | 'failed'
  | 'staged'
  | 'missing'
  | 'due later'
  | 'not due';

/** @param due whether a tick asked for it: `later` where that is still to come */
export function dateState(date: LedgerDate | undefined, due: 'past' | 'later' | 'never'): DateState {
  if (date === undefined) return due === 'past' ? 'missing' : due === 'later' ? 'due later' : 'not due';
  const { status } = date.newest;
  if (date.current !== undefined) return status === 'failed' ? 'published, then failed' : 'published';
  if (status === 'open') return 'running';
  return status === 'staged' ? 'staged' : 'failed';
}
