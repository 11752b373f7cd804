import { PredawnError } from '../domain/errors.js';
import type { ChildRun } from './child-run.js';
import { type DateRun, readDateRun } from './date-run.js';
import {
  datesToAsk,
  type JobPlan,
  NEW_PLAN,
  nextDate,
  type PlannedJob,
  type RunOutcome,
  wantsLedger,
  withEnded,
  withLedger,
  withoutLedger,
  withStarted,
} from './planner.js';

/** What a scheduler needs of the world. */
export interface SchedulerPorts {
  now(): Date;
  /** The jobs as their files are now. */
  loadJobs(): Promise<readonly PlannedJob[]>;
  /** Which of a job's dates have a publication. A PredawnError means that the ledger can't be asked now. */
  publishedDates(job: string, from: string, to: string): Promise<ReadonlySet<string>>;
  start(job: string, asOf: string): ChildRun;
  onEvent(event: SchedulerEvent): void;
}

export type SchedulerEvent =
  | { readonly kind: 'dates missing'; readonly job: string; readonly dates: readonly string[] }
  | { readonly kind: 'ledger away'; readonly job: string; readonly error: PredawnError }
  | {
      readonly kind: 'run started';
      readonly job: string;
      readonly asOf: string;
      readonly pid: number | undefined;
    }
  | {
      readonly kind: 'run ended';
      readonly job: string;
      readonly run: DateRun;
      readonly outcome: RunOutcome;
      /** ISO 8601, UTC; undefined where it is not tried again before the next tick. */
      readonly again: string | undefined;
    };

/** What a scheduler is doing about one job. */
export interface JobActivity {
  readonly job: PlannedJob;
  readonly plan: JobPlan;
  /** How many runs ended how: `published`, `unchanged`, or the kind of their error. */
  readonly runs: ReadonlyMap<string, number>;
  /** Milliseconds since 1970 of the last run that left its date published. */
  readonly lastSuccess: number | undefined;
}

/**
 * Runs what is due. `beat` looks at the clock and does everything that follows from it, then returns; call it every
 * minute, late or twice: it goes by the clock and the ledger, not by how often it is called.
 */
export class Scheduler {
  readonly #activities = new Map<string, JobActivity>();
  readonly #running = new Map<string, { child: ChildRun; ended: Promise<DateRun> }>();
  #beating: Promise<void> | undefined;
  #stopping = false;
  #lastBeat: number | undefined;

  constructor(
    readonly ports: SchedulerPorts,
    /** How many runs there may be at once, each of another job. */
    readonly parallel: number,
  ) {}

  get activities(): readonly JobActivity[] {
    return [...this.#activities.values()];
  }

  /** Milliseconds since 1970 when a beat last went through. */
  get lastBeat(): number | undefined {
    return this.#lastBeat;
  }

  /** One at a time: who calls while one is under way waits for that one. */
  beat(): Promise<void> {
    this.#beating ??= this.#beat().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  /** Starts nothing more, asks what runs to stop, and waits for it. */
  async stop(): Promise<readonly DateRun[]> {
    this.#stopping = true;
    for (const { child } of this.#running.values()) child.stop();
    return Promise.all([...this.#running.values()].map(({ ended }) => ended));
  }

  async #beat(): Promise<void> {
    await this.#loadJobs();
    for (const { job } of this.activities) await this.#askLedger(job);
    this.#startDue();
    this.#lastBeat = this.ports.now().getTime();
  }

  async #loadJobs(): Promise<void> {
    const jobs = await this.ports.loadJobs();
    for (const job of jobs) {
      const known = this.#activities.get(job.name);
      this.#change(job.name, { job });
      // Another schedule asks for other dates, from now on.
      if (known !== undefined && known.job.calendar !== job.calendar)
        this.#change(job.name, { plan: { ...known.plan, nextTick: undefined } });
    }
    for (const [name, { plan }] of this.#activities) {
      // A run that is under way goes on without its job file.
      if (plan.running === undefined && !jobs.some((job) => job.name === name)) this.#activities.delete(name);
    }
  }

  async #askLedger(job: PlannedJob): Promise<void> {
    const { ports } = this;
    if (this.#stopping || !wantsLedger(this.#plan(job.name), ports.now())) return;
    // Fixed before it is asked: a tick that comes meanwhile is another one.
    const at = ports.now();
    const dates = datesToAsk(job, at);
    try {
      const [from, to] = [dates[0], dates.at(-1)];
      const published =
        from === undefined ? new Set<string>() : await ports.publishedDates(job.name, from, to!);
      const plan = withLedger(job, this.#plan(job.name), published, at);
      this.#change(job.name, { plan });
      const missing = plan.pending.map(({ asOf }) => asOf).filter((asOf) => asOf !== plan.running);
      if (missing.length > 0) ports.onEvent({ kind: 'dates missing', job: job.name, dates: missing });
    } catch (error) {
      if (!(error instanceof PredawnError)) throw error;
      this.#change(job.name, { plan: withoutLedger(this.#plan(job.name), ports.now()) });
      ports.onEvent({ kind: 'ledger away', job: job.name, error });
    }
  }

  /** Of what may be started now, what was due first. */
  #startDue(): void {
    const now = this.ports.now();
    const due = this.activities
      .flatMap(({ job, plan }) => {
        const date = nextDate(plan, now);
        return date === undefined ? [] : [{ job, date }];
      })
      .sort((one, other) => one.date.due - other.date.due);
    for (const { job, date } of due) {
      if (this.#stopping || this.#running.size >= this.parallel) return;
      this.#start(job.name, date.asOf);
    }
  }

  #start(name: string, asOf: string): void {
    const child = this.ports.start(name, asOf);
    this.#change(name, { plan: withStarted(this.#plan(name), asOf) });
    const ended = child.ended.then((end) => this.#ended(name, readDateRun(name, asOf, end)));
    this.#running.set(name, { child, ended });
    this.ports.onEvent({ kind: 'run started', job: name, asOf, pid: child.pid });
  }

  #ended(name: string, run: DateRun): DateRun {
    this.#running.delete(name);
    const { job, plan, runs, lastSuccess } = this.#activities.get(name)!;
    const outcome = outcomeOf(run);
    const now = this.ports.now();
    const ended = withEnded(job, plan, run.asOf, outcome, now);
    const result = run.error?.kind ?? run.receipt!.outcome;
    this.#change(name, {
      plan: ended,
      runs: new Map(runs).set(result, (runs.get(result) ?? 0) + 1),
      lastSuccess: outcome === 'published' ? now.getTime() : lastSuccess,
    });
    const date = ended.pending.find(({ asOf }) => asOf === run.asOf);
    const isTriedAgain = date !== undefined && date.state !== 'given up';
    const again = isTriedAgain ? new Date(date.notBefore).toISOString() : undefined;
    this.ports.onEvent({ kind: 'run ended', job: name, run, outcome, again });
    this.#startDue();
    return run;
  }

  #plan(name: string): JobPlan {
    return this.#activities.get(name)!.plan;
  }

  #change(name: string, change: Partial<JobActivity> & ({ job: PlannedJob } | { plan: JobPlan })): void {
    const known = this.#activities.get(name);
    const fresh = { plan: NEW_PLAN, runs: new Map<string, number>(), lastSuccess: undefined };
    this.#activities.set(name, { ...fresh, ...known, ...change } as JobActivity);
  }
}

/** What a run's end means: nothing but what is away, held or late is worth another try by itself. */
function outcomeOf({ error }: DateRun): RunOutcome {
  if (error === undefined || error.kind === 'canary') return 'published';
  if (['unavailable', 'unresolved', 'interrupted'].includes(error.kind)) return 'retry';
  return error.kind === 'input' ? 'input' : 'failed';
}
