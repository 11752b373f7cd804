import { type Calendar, expectedDates, nextTick } from './calendar.js';

/**
 * What a scheduler does next, decided from its plan, the clock and what it is told: no timers, no processes, no I/O, so
 * that weeks can be played through in milliseconds. Nothing here is kept anywhere: which dates are missing is asked of
 * the ledger at the start and at every tick, so a plan that is lost with its process is made again.
 */
export interface PlannedJob {
  readonly name: string;
  readonly calendar: Calendar;
  /** Calendar days that are looked back. */
  readonly catchUpDays: number;
  /** Milliseconds after its first tick for which a date is tried again whose input is not there. */
  readonly inputDeadline: number;
}

/** A date without a publication. */
export interface PendingDate {
  readonly asOf: string;
  /** Milliseconds since 1970 of the tick that first asked for it. */
  readonly due: number;
  /** Not to be started before, in milliseconds since 1970. */
  readonly notBefore: number;
  /** Times in a row that it met something that a retry mends. */
  readonly failures: number;
  /** `given up`: until the next tick, or until somebody runs it. */
  readonly state: 'to run' | 'retrying' | 'waiting for input' | 'given up';
}

export interface JobPlan {
  /** When the ledger is to be asked again, in milliseconds since 1970; undefined where it was not asked yet. */
  readonly nextTick: number | undefined;
  /** Not to ask the ledger before, since it was away; undefined while it answers. */
  readonly awayUntil: number | undefined;
  /** Ascending. */
  readonly pending: readonly PendingDate[];
  readonly running: string | undefined;
}

/** What a run that ended means for its date. */
export type RunOutcome = 'published' | 'retry' | 'input' | 'failed';

const MINUTE = 60_000;
const LEDGER_RETRY = MINUTE;
const INPUT_RETRY = 5 * MINUTE;
const LONGEST_BACKOFF = 30 * MINUTE;

export const NEW_PLAN: JobPlan = {
  nextTick: undefined,
  awayUntil: undefined,
  pending: [],
  running: undefined,
};

/** Whether the ledger must be asked: at the start, and once a tick has come since, however long ago. */
export function wantsLedger({ nextTick: next, awayUntil }: JobPlan, now: Date): boolean {
  if (awayUntil !== undefined && now.getTime() < awayUntil) return false;
  return next === undefined || next <= now.getTime();
}

/** The dates that ticks have asked for, as far back as the job catches up, ascending. */
export function datesToAsk({ calendar, catchUpDays }: PlannedJob, now: Date): readonly string[] {
  return expectedDates(calendar, now, catchUpDays).map(({ asOf }) => asOf);
}

/** The ledger answered: what is not published is to be run, all of it at once and afresh. */
export function withLedger(
  { calendar, catchUpDays }: PlannedJob,
  plan: JobPlan,
  published: ReadonlySet<string>,
  now: Date,
): JobPlan {
  const pending = expectedDates(calendar, now, catchUpDays)
    .filter(({ asOf }) => !published.has(asOf))
    .map(({ asOf, ticks }): PendingDate => ({
      asOf,
      due: ticks[0]!,
      notBefore: now.getTime(),
      failures: 0,
      state: 'to run',
    }));
  return { ...plan, nextTick: nextTick(calendar, now.getTime()), awayUntil: undefined, pending };
}

/** The ledger could not be asked. */
export function withoutLedger(plan: JobPlan, now: Date): JobPlan {
  return { ...plan, awayUntil: now.getTime() + LEDGER_RETRY };
}

/**
 * The date to start now: the oldest whose time has come. One run of a job at a time; while a date waits for a retry the
 * newer ones wait with it, for what it met is met by all, but a date without input holds up none.
 */
export function nextDate({ pending, running }: JobPlan, now: Date): PendingDate | undefined {
  if (running !== undefined) return undefined;
  for (const date of pending) {
    if (date.state === 'given up') continue;
    if (date.notBefore <= now.getTime()) return date;
    if (date.state === 'retrying') return undefined;
  }
  return undefined;
}

export function withStarted(plan: JobPlan, asOf: string): JobPlan {
  return { ...plan, running: asOf };
}

/** A run ended: its date is done, tried again later, or given up until the next tick. */
export function withEnded(
  job: PlannedJob,
  plan: JobPlan,
  asOf: string,
  outcome: RunOutcome,
  now: Date,
): JobPlan {
  const pending = plan.pending.flatMap((date) => {
    if (date.asOf !== asOf) return [date];
    return outcome === 'published' ? [] : [afterFailure(job, date, outcome, now.getTime())];
  });
  return { ...plan, pending, running: undefined };
}

function afterFailure(
  { inputDeadline }: PlannedJob,
  date: PendingDate,
  outcome: Exclude<RunOutcome, 'published'>,
  now: number,
): PendingDate {
  if (outcome === 'retry') {
    const failures = date.failures + 1;
    return { ...date, failures, state: 'retrying', notBefore: now + backoff(failures) };
  }
  const again = now + INPUT_RETRY;
  if (outcome === 'input' && again <= date.due + inputDeadline)
    return { ...date, failures: 0, state: 'waiting for input', notBefore: again };
  return { ...date, failures: 0, state: 'given up' };
}

/** 1, 2, 4, 8, 16 and then 30 minutes. */
function backoff(failures: number): number {
  return Math.min(LONGEST_BACKOFF, MINUTE * 2 ** (failures - 1));
}
