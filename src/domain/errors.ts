/**
 * What went wrong, in terms of what the caller can do about it. The command line turns each kind into one
 * exit code (`cli/exit-codes.ts`); nothing else knows the numbers.
 *
 * - `usage`: the command line was wrong
 * - `configuration`: settings, job file, credentials or database rights need a person
 * - `data`: a gate or the reject limit failed; nothing was published
 * - `input`: the input is absent or incomplete; later may be better
 * - `artefact`: digest, signature or model do not match
 * - `unavailable`: lock held, database unreachable, disk full; a retry helps
 * - `unresolved`: the outcome of COMMIT is not known; running again is safe
 * - `canary`: a canary did not hold; what was published instead has none of its rows
 * - `overdue`: a check found that a slice is not there when it should be, or not as it should be
 * - `interrupted`: a signal stopped the run before it published
 * - `internal`: a bug of ours
 */
export type ErrorKind =
  | 'usage'
  | 'configuration'
  | 'data'
  | 'input'
  | 'artefact'
  | 'unavailable'
  | 'unresolved'
  | 'canary'
  | 'overdue'
  | 'interrupted'
  | 'internal';

export interface ErrorOptions {
  /** What to do next, as one sentence. */
  hint?: string;
  cause?: unknown;
  /** For `interrupted`: the signal's name. */
  signal?: 'SIGINT' | 'SIGTERM';
  /** Every problem, when several were found at once. */
  problems?: readonly PredawnError[];
  /** What machines get beside the error with `--json`, by name. */
  details?: Readonly<Record<string, unknown>>;
}

/**
 * An expected failure. `code` is stable and greppable (`csv.ragged`, `postgres.password`); `message` names the
 * job, date, file, line or column; `hint` says what to do next. Neither carries a secret or a row's contents.
 */
export class PredawnError extends Error {
  override readonly name = 'PredawnError';
  readonly hint: string | undefined;
  readonly signal: 'SIGINT' | 'SIGTERM' | undefined;
  readonly problems: readonly PredawnError[];
  readonly details: Readonly<Record<string, unknown>>;
  /** The job and data date of the run that it ended, as `churn 2026-11-21`; for the page, where `message` does not say so. */
  subject: string | undefined;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    options: ErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.hint = options.hint;
    this.signal = options.signal;
    this.problems = options.problems ?? [];
    this.details = options.details ?? {};
  }
}

/** One error for many problems of one kind, so that a person can mend them all in one go. */
export function combine(problems: readonly PredawnError[], summary: string): PredawnError {
  const [first] = problems;
  if (first === undefined) throw new TypeError('combine() needs at least one problem');
  if (problems.length === 1) return first;
  return new PredawnError(first.kind, first.code, summary, { problems });
}

/** The text of anything thrown, for a message or a log line. */
export function describeError(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
