import { PredawnError } from '../../src/domain/errors.js';
import type { ChildEnd, ChildRun } from '../../src/schedule/child-run.js';
import type { PlannedJob } from '../../src/schedule/planner.js';
import { Scheduler } from '../../src/schedule/scheduler.js';
import { fakeEnd } from './fake-end.js';

const MINUTE = 60_000;

/** How one run goes, when it is due to do something. */
export interface RunScript {
  /** Minutes from its start to its end. */
  readonly minutes: number;
  /** `dies before` and `dies after`: killed without a word, before or after it published. */
  readonly how: 'publishes' | 'fails for now' | 'dies before' | 'dies after' | 'finds bad data';
}

/** Everything that chance decides. Times are minutes from the start. */
export interface Chance {
  readonly away: readonly { readonly from: number; readonly minutes: number }[];
  /** The scheduler is killed, comes back so many minutes later; what it started lives on, or dies with it. */
  readonly kills: readonly { readonly at: number; readonly minutes: number; readonly takesRuns: boolean }[];
  /** Taken in turn; then all publish. */
  readonly runs: readonly RunScript[];
  /** Minutes after the first tick that a date's input comes, taken in turn by date. */
  readonly inputDelays: readonly number[];
  /** Minutes between two beats, taken in turn: a host that sleeps skips some. */
  readonly beats: readonly number[];
}

/** Plays days of a scheduler against a ledger in memory, with a clock that is stepped. */
export class Simulation {
  /** By job and date: how many runs published it. One that finds it published changes nothing, and is in `repeats`. */
  readonly published = new Map<string, number>();
  /** Every start, in order. */
  readonly started: { job: string; asOf: string; at: number }[] = [];
  readonly overlaps: string[] = [];
  readonly repeats: string[] = [];
  #now: number;
  #script = 0;
  readonly #start: number;
  readonly #locks = new Map<string, { end: number; script: RunScript; finish: (end: ChildEnd) => void }>();

  constructor(
    readonly jobs: readonly PlannedJob[],
    start: string,
    readonly chance: Chance,
  ) {
    this.#start = Date.parse(start);
    this.#now = this.#start;
  }

  async play(days: number): Promise<void> {
    const { chance } = this;
    const end = this.#start + days * 24 * 60 * MINUTE;
    let scheduler: Scheduler | undefined = this.#newScheduler();
    let backAt = 0;
    const kills = [...chance.kills].sort((a, b) => a.at - b.at);
    for (let beat = 0; this.#now < end; beat++) {
      this.#now += (chance.beats[beat % Math.max(1, chance.beats.length)] ?? 1) * MINUTE;
      await this.#settleRuns();
      const kill = kills[0];
      if (kill !== undefined && this.#now >= this.#start + kill.at * MINUTE) {
        kills.shift();
        scheduler = undefined;
        backAt = this.#now + kill.minutes * MINUTE;
        if (kill.takesRuns) this.#locks.clear();
      }
      if (scheduler === undefined && this.#now >= backAt) scheduler = this.#newScheduler();
      await scheduler?.beat();
    }
  }

  /** What a kill leaves behind is an object that nobody beats, and whose runs' ends it does not hear. */
  #newScheduler(): Scheduler {
    const running = new Set<string>();
    return new Scheduler(
      {
        now: () => new Date(this.#now),
        loadJobs: () => Promise.resolve(this.jobs),
        publishedDates: (job, from, to) => {
          if (this.#isAway())
            return Promise.reject(new PredawnError('unavailable', 'postgres.connection', 'away'));
          const dates = [...this.published.keys()].filter((key) => key.startsWith(`${job} `));
          const inRange = dates
            .map((key) => key.slice(job.length + 1))
            .filter((date) => from <= date && date <= to);
          return Promise.resolve(new Set(inRange));
        },
        start: (job, asOf) => {
          if (running.has(job)) this.overlaps.push(`${job} ${asOf}`);
          running.add(job);
          const child = this.#run(job, asOf);
          return { ...child, ended: child.ended.then((end) => (running.delete(job), end)) };
        },
        onEvent: () => undefined,
      },
      4,
    );
  }

  #run(job: string, asOf: string): ChildRun {
    const key = `${job} ${asOf}`;
    this.started.push({ job, asOf, at: this.#now });
    const ended = (how: Parameters<typeof fakeEnd>[1], code?: string): ChildRun => ({
      pid: 1,
      ended: Promise.resolve(fakeEnd(asOf, how, code)),
      stop: () => undefined,
    });
    if (this.#isAway()) return ended(75, 'postgres.connection');
    if (this.#locks.has(key)) return ended(75, 'lock.held');
    if (!this.#hasInput(job, asOf)) return ended(66, 'input.missing');
    if (this.published.has(key)) {
      this.repeats.push(key);
      return ended(0);
    }
    const script = this.chance.runs[this.#script++] ?? { minutes: 3, how: 'publishes' };
    return {
      pid: 1,
      ended: new Promise((finish) => {
        this.#locks.set(key, { end: this.#now + script.minutes * MINUTE, script, finish });
      }),
      stop: () => undefined,
    };
  }

  /** Ends the runs whose time has come. */
  async #settleRuns(): Promise<void> {
    for (const [key, { end, script, finish }] of this.#locks) {
      if (end > this.#now) continue;
      this.#locks.delete(key);
      const asOf = key.slice(-10);
      if (this.#isAway()) finish(fakeEnd(asOf, 75));
      else if (script.how === 'fails for now') finish(fakeEnd(asOf, 75));
      else if (script.how === 'finds bad data') finish(fakeEnd(asOf, 65));
      else if (script.how === 'dies before') finish(fakeEnd(asOf, 'SIGKILL'));
      else {
        this.published.set(key, (this.published.get(key) ?? 0) + 1);
        finish(fakeEnd(asOf, script.how === 'dies after' ? 'SIGKILL' : 0));
      }
    }
    await new Promise(setImmediate);
  }

  #isAway(): boolean {
    const minute = (this.#now - this.#start) / MINUTE;
    return this.chance.away.some(({ from, minutes }) => from <= minute && minute < from + minutes);
  }

  #hasInput(job: string, asOf: string): boolean {
    const { inputDelays } = this.chance;
    const index = this.jobs.findIndex(({ name }) => name === job) + Number(asOf.slice(-2));
    const delay = inputDelays[index % Math.max(1, inputDelays.length)] ?? 0;
    const day = this.jobs.find(({ name }) => name === job)!.calendar;
    const next = new Date(Date.parse(asOf) + 24 * 60 * MINUTE).toISOString().slice(0, 10);
    return this.#now >= (day.ticksOn(next)[0] ?? 0) + delay * MINUTE;
  }
}
