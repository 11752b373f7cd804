import { DateTime } from 'luxon';
import pc from 'picocolors';
import type { PredawnError } from '../domain/errors.js';
import type { DateState } from '../schedule/date-state.js';
import type { JobDate } from '../schedule/job-dates.js';
import { nextStep } from './print.js';
import { shortId } from './render-moves.js';
import { renderTable } from './render-table.js';

/** A job's line in the table; without dates where its file can't be read. */
export interface JobStatus {
  readonly job: string;
  readonly timezone: string | undefined;
  readonly schedule: string | undefined;
  readonly dates: readonly JobDate[];
  readonly problem: PredawnError | undefined;
}

const MARKS: Record<DateState, string> = {
  published: '✓',
  'published, then failed': '!',
  running: '…',
  failed: '✗',
  staged: '~',
  missing: '○',
  'due later': '·',
  'not due': '',
};

type Painter = (text: string) => string;

/** Jobs by data dates, a mark in each cell; below it what the marks mean, and what is wrong now. */
export function statusText(
  jobs: readonly JobStatus[],
  dates: readonly string[],
  environment: string,
  colors: boolean,
): string {
  if (jobs.length === 0)
    return 'There are no jobs yet.\n' + nextStep('predawn init model.onnx --csv FILE', colors);
  const { bold, dim, red } = pc.createColors(colors);
  const paint = painters(colors);
  const head = ['job', ...dates.map(dayHead), 'rows'];
  const rows = jobs.map(({ job, dates: states, problem }) =>
    problem === undefined
      ? [job, ...states.map(({ state }) => paint[state](MARKS[state])), newestRows(states)]
      : [job, ...dates.map(() => red('?')), ''],
  );
  const shown = new Set(jobs.flatMap(({ dates: states }) => states.map(({ state }) => state)));
  const legend = (Object.keys(MARKS) as DateState[])
    .filter((state) => shown.has(state) && MARKS[state] !== '')
    .map((state) => `${paint[state](MARKS[state])} ${dim(state)}`);
  return [
    `${bold(environment)}  data dates ${dates[0]!} to ${dates.at(-1)!}\n\n`,
    renderTable(head, rows, colors),
    legend.length === 0 ? '' : `\n${legend.join('   ')}\n`,
    ...jobs.map((job) => attention(job, colors)),
  ].join('');
}

function painters(colors: boolean): Record<DateState, Painter> {
  const { green, yellow, red, cyan, dim } = pc.createColors(colors);
  return {
    published: green,
    'published, then failed': yellow,
    running: cyan,
    failed: red,
    staged: yellow,
    missing: red,
    'due later': dim,
    'not due': dim,
  };
}

/** Weekday above day of the month, so that fourteen fit on a terminal. */
function dayHead(date: string): string {
  return (
    DateTime.fromISO(date, { zone: 'UTC', locale: 'en' }).toFormat('ccc').slice(0, 2) + `\n${date.slice(8)}`
  );
}

/** Of the newest slice. */
function newestRows(states: readonly JobDate[]): string {
  const slice = states.findLast(({ date }) => date?.current !== undefined)?.date?.current;
  return slice === undefined ? '' : slice.receipt!.rows.scored.toLocaleString('en-US');
}

/** What to look at first: a job file that is wrong, or the newest date that is not published though it should be. */
function attention({ job, dates, problem }: JobStatus, colors: boolean): string {
  const { red } = pc.createColors(colors);
  if (problem !== undefined) return `\n${red('?')} ${job}: ${problem.message}\n`;
  const wrong = dates.findLast(({ state }) => state === 'failed' || state === 'missing');
  if (wrong === undefined) return '';
  const { asOf, state, date } = wrong;
  if (date === undefined) {
    const first = dates.find((each) => each.state === 'missing')!.asOf;
    return `\n${red(MARKS[state])} ${job} ${asOf}: no run of it reached the ledger${nextStep(`predawn run ${job} --missing --since ${first}`, colors)}`;
  }
  const { error, attemptId } = date.newest;
  return `\n${red(MARKS[state])} ${job} ${asOf}: ${error?.code ?? state}${nextStep(`predawn show ${shortId(attemptId)}`, colors)}`;
}

/** The same for machines. */
export function statusJson(
  jobs: readonly JobStatus[],
  dates: readonly string[],
  environment: string,
): Record<string, unknown> {
  return {
    environment,
    from: dates[0],
    to: dates.at(-1),
    jobs: jobs.map(({ job, timezone, schedule, dates: states, problem }) => ({
      job,
      timezone: timezone ?? null,
      schedule: schedule ?? null,
      problem: problem?.message ?? null,
      dates: states.map(({ asOf, state, date }) => ({
        as_of: asOf,
        state,
        attempt_id: date?.newest.attemptId ?? null,
        published_attempt_id: date?.current?.attemptId ?? null,
        rows: date?.current?.receipt?.rows.scored ?? null,
        error: date?.newest.error?.code ?? null,
      })),
    })),
  };
}
