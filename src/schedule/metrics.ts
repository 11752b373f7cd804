import type { JobActivity } from './scheduler.js';

/** What is asked of a scheduler from outside. */
export interface SchedulerState {
  readonly activities: readonly JobActivity[];
  /** Milliseconds since 1970; undefined before the first beat went through. */
  readonly lastBeat: number | undefined;
  readonly startedAt: number;
}

/** A beat comes every minute, and may wait for a database that does not answer. */
const LONGEST_SILENCE = 5 * 60_000;

/** Whether the scheduler still looks at the clock. */
export function isAlive({ lastBeat, startedAt }: SchedulerState, now: number): boolean {
  return now - (lastBeat ?? startedAt) < LONGEST_SILENCE;
}

/** Why it can't be relied on now: a ledger that it could not ask yet, or not any more. None: ready. */
export function reasonsNotReady({ activities, lastBeat }: SchedulerState): readonly string[] {
  if (lastBeat === undefined) return ['it is starting'];
  return activities
    .filter(({ plan }) => plan.awayUntil !== undefined || plan.nextTick === undefined)
    .map(({ job }) => `the ledger of ${job.name} can't be asked`);
}

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** The state in Prometheus' text format. */
export function metricsText(state: SchedulerState): string {
  const { activities, lastBeat } = state;
  const perJob = (value: (activity: JobActivity) => number | undefined): Sample[] =>
    activities.flatMap((activity) => {
      const found = value(activity);
      return found === undefined ? [] : [[{ job: activity.job.name }, found] as const];
    });
  const pending = (...states: string[]) =>
    perJob(({ plan }) => plan.pending.filter((date) => states.includes(date.state)).length);
  return [
    family(
      'predawn_scheduler_last_beat_timestamp_seconds',
      'gauge',
      'When the scheduler last looked at the clock.',
      [[{}, (lastBeat ?? 0) / 1000]],
    ),
    family(
      'predawn_job_next_tick_timestamp_seconds',
      'gauge',
      'When the schedule of a job next asks for a date.',
      perJob(({ plan }) =>
        plan.nextTick === undefined || plan.nextTick === Infinity ? undefined : plan.nextTick / 1000,
      ),
    ),
    family(
      'predawn_job_running',
      'gauge',
      'Whether a run of the job is under way.',
      perJob(({ plan }) => Number(plan.running !== undefined)),
    ),
    family(
      'predawn_job_pending_dates',
      'gauge',
      'Data dates without a publication that are to be run, or tried again.',
      pending('to run', 'retrying', 'waiting for input'),
    ),
    family(
      'predawn_job_given_up_dates',
      'gauge',
      'Data dates that failed and wait for a person, or for the next tick.',
      pending('given up'),
    ),
    family(
      'predawn_job_last_success_timestamp_seconds',
      'gauge',
      'When a run last left its date published.',
      perJob(({ lastSuccess }) => lastSuccess && lastSuccess / 1000),
    ),
    family(
      'predawn_job_ledger_up',
      'gauge',
      'Whether the ledger could be asked when it last was.',
      perJob(({ plan }) => Number(plan.awayUntil === undefined && plan.nextTick !== undefined)),
    ),
    family(
      'predawn_runs_total',
      'counter',
      'Runs that ended, by outcome or kind of failure.',
      activities.flatMap(({ job, runs }) =>
        [...runs].map(([result, count]) => [{ job: job.name, result }, count] as const),
      ),
    ),
  ].join('');
}

function family(name: string, type: string, help: string, samples: readonly Sample[]): string {
  const lines = samples.map(([labels, value]) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
