import { PredawnError } from './errors.js';
import type { AttemptStatus } from './receipt.js';

/**
 * How a slice came to be an attempt's: `publish` by the run that scored it, `publish-staged` by a person who flipped
 * to an attempt that was staged, `restore` by a person who went back to one published earlier.
 */
export type MoveAction = 'publish' | 'publish-staged' | 'restore';

/** One line of a slice's history, which is only ever added to. */
export interface SliceMove {
  readonly action: MoveAction;
  /** The attempt that was the slice before; undefined where the date had none. */
  readonly from: string | undefined;
  readonly to: string;
  /** Who ran the command. */
  readonly by: string;
  readonly reason: string | undefined;
  /** ISO 8601, UTC. */
  readonly at: string;
}

/** What is asked for: that the rows kept of an attempt become the slice of its date. */
export interface MoveRequest {
  /** UUIDv7, of this request alone: it names the lock's holder. */
  readonly id: string;
  readonly action: 'publish-staged' | 'restore';
  readonly job: string;
  /** YYYY-MM-DD. */
  readonly asOf: string;
  /** Whole id. Undefined, for `restore`: the attempt that was the slice before the last move. */
  readonly attemptId: string | undefined;
  readonly by: string;
  readonly reason: string | undefined;
  /** As `Attempt.retain`. */
  readonly retain: number;
  /** Publish a staged attempt even over one that began after it. */
  readonly force: boolean;
  /** Leave a slice alone whose last move was a restore: so that a range may be restored again after a failure. */
  readonly unlessRestored: boolean;
}

export interface MovedAttempt {
  readonly attemptId: string;
  /** `name@version`. */
  readonly artefact: string;
}

/** What became of a request. */
export interface MoveResult {
  /** `unchanged`: the slice is that attempt's already. */
  readonly outcome: 'moved' | 'unchanged';
  readonly attempt: MovedAttempt;
  /** Whose slice it was; undefined where the date had none, or nothing moved. */
  readonly replaced: MovedAttempt | undefined;
  /** How readers' rows changed. */
  readonly changes: { readonly inserted: number; readonly updated: number; readonly deleted: number };
}

/** An attempt as far as a move needs to know it. */
export interface MovableAttempt extends MovedAttempt {
  readonly status: AttemptStatus;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  /** Whether its rows are kept apart from the slice. */
  readonly rowsKept: boolean;
}

/** The attempts and moves of one job and date, both oldest first. */
export interface SliceHistory {
  readonly attempts: readonly MovableAttempt[];
  readonly moves: readonly SliceMove[];
  /** Whose slice it is now. */
  readonly current: string | undefined;
}

/** The attempt that the last move took the slice from: what a restore without an attempt goes back to. */
export function attemptBefore(moves: readonly SliceMove[]): string | undefined {
  return moves.findLast(({ from, to }) => from !== to)?.from;
}

/**
 * The attempt that a request is about: one rule for every destination. Restoring twice goes there and back, as
 * rolling back an alias does. What it gives may be the current one: then there may be nothing to do.
 *
 * @throws PredawnError kind `usage` for an attempt that can't be asked for (code `restore.nothing`,
 *   `attempt.unknown`, `attempt.status`, `publish.newer`), kind `data`, code `rows.not_kept`, where its rows are gone.
 */
export function chooseAttempt(request: MoveRequest, history: SliceHistory): MovableAttempt {
  const { attempts, moves, current } = history;
  if (request.action === 'restore' && request.unlessRestored && moves.at(-1)?.action === 'restore') {
    const restored = attempts.find(({ attemptId }) => attemptId === current);
    if (restored !== undefined) return restored;
  }
  const wanted = request.attemptId ?? attemptBefore(moves);
  if (wanted === undefined) throw nothingBefore(request, history);
  const chosen = attempts.find(({ attemptId }) => attemptId === wanted);
  if (chosen === undefined) throw unknownAttempt(request, wanted, history);
  if (chosen.attemptId === current) return chosen;
  requireStatus(request, chosen);
  if (!chosen.rowsKept) throw rowsNotKept(request, chosen, history, 'are not kept any longer');
  if (request.action === 'publish-staged' && !request.force) requireNewest(request, chosen, history);
  return chosen;
}

/** Kind `data`, code `rows.not_kept`: says `how` the rows of an attempt are gone, and which attempts have theirs. */
export function rowsNotKept(
  request: MoveRequest,
  { attemptId, artefact }: MovedAttempt,
  history: SliceHistory,
  how: string,
): PredawnError {
  return new PredawnError(
    'data',
    'rows.not_kept',
    `${subject(request)}: the rows of attempt ${attemptId} (${artefact}) ${how}; the slice is as it was.`,
    { hint: `${keptText(request, history, attemptId)} To have it scored again: ${scoreAgain(request)}` },
  );
}

function requireStatus(request: MoveRequest, { attemptId, status }: MovableAttempt): void {
  const restoring = request.action === 'restore';
  if (status === (restoring ? 'published' : 'staged')) return;
  const hint =
    restoring && status === 'staged'
      ? `It was staged, and never published: predawn publish ${attemptId}`
      : !restoring && status === 'published'
        ? `It was published before: predawn restore ${request.job} --attempt ${attemptId}`
        : 'predawn runs lists the attempts, and which of them have rows.';
  throw new PredawnError(
    'usage',
    'attempt.status',
    `${subject(request)}: attempt ${attemptId} is ${status}, so it can't be ${restoring ? 'restored' : 'published'}.`,
    { hint },
  );
}

/** A run that began after the staged one scored newer input, or with a newer artefact. */
function requireNewest(request: MoveRequest, staged: MovableAttempt, { attempts, current }: SliceHistory) {
  const live = attempts.find(({ attemptId }) => attemptId === current);
  if (live === undefined || live.startedAt <= staged.startedAt) return;
  throw new PredawnError(
    'usage',
    'publish.newer',
    `${subject(request)}: the slice is attempt ${live.attemptId} (${live.artefact}), which began at ${live.startedAt}, after ${staged.attemptId} was staged.`,
    {
      hint: `To publish the older one all the same: predawn publish ${staged.attemptId} --force`,
    },
  );
}

function nothingBefore(request: MoveRequest, history: SliceHistory): PredawnError {
  const never = history.moves.length === 0;
  return new PredawnError(
    'usage',
    'restore.nothing',
    never
      ? `${subject(request)} was never published, so there is nothing to restore.`
      : `${subject(request)}: no other attempt was the slice before this one.`,
    {
      hint: never
        ? 'See predawn runs for the dates that are published.'
        : keptText(request, history, history.current),
    },
  );
}

function unknownAttempt(request: MoveRequest, wanted: string, history: SliceHistory): PredawnError {
  return new PredawnError('usage', 'attempt.unknown', `${subject(request)} has no attempt ${wanted}.`, {
    hint: keptText(request, history, undefined),
  });
}

function keptText(
  { asOf }: MoveRequest,
  { attempts, current }: SliceHistory,
  except: string | undefined,
): string {
  const kept = attempts.filter(
    ({ attemptId, rowsKept, status }) =>
      rowsKept && ['published', 'staged'].includes(status) && attemptId !== except && attemptId !== current,
  );
  if (kept.length === 0) return `No other attempt's rows are kept for ${asOf}.`;
  const names = kept.map(({ attemptId, artefact, status }) => `${attemptId} (${artefact}, ${status})`);
  return `Kept for ${asOf}: ${names.join(', ')}.`;
}

function scoreAgain({ job, asOf }: MoveRequest): string {
  return `predawn run ${job} --date ${asOf} --force`;
}

function subject({ job, asOf }: MoveRequest): string {
  return `${job} for ${asOf}`;
}
