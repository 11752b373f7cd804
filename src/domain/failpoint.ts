/**
 * The named steps of a run at which a test may make it fail. What is shipped does nothing here: the build removes the
 * calls, and `test/faults` builds a program of its own, with another function in this file's place.
 */
export const STEPS = [
  'run begun',
  'lock taken',
  'attempt opened',
  'scoring',
  'block staged',
  'rows staged',
  'gates passed',
  // To PostgreSQL, inside the transaction that publishes.
  'key built',
  'fence passed',
  'outgoing kept',
  'slice changed',
  'ledger written',
  'committing',
  'committed',
  // To files.
  'recorded',
  'linked',
  'renamed',
  'synced',
  'published',
  // After that, whatever the destination.
  'settling',
  'settled',
  'reporting',
  'reported',
] as const;

export type Step = (typeof STEPS)[number];

/** Told that the run is at a step; whoever tells waits for what comes of it. */
export function failpoint(step: Step): Promise<void> | void;
export function failpoint(): void {}
