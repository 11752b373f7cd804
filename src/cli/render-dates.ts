import pc from 'picocolors';
import type { DateRun } from '../schedule/date-run.js';
import type { WhichDates } from '../schedule/select-dates.js';
import { exitCode, SUCCESS } from './exit-codes.js';
import { nextStep } from './print.js';
import { errorJson } from './render-error.js';
import { shortId } from './render-moves.js';
import { renderTable } from './render-table.js';

/** What became of a series of dates. */
export interface DatesResult {
  readonly job: string;
  readonly environment: string;
  readonly from: string;
  readonly to: string;
  readonly which: WhichDates;
  /** How many dates of the range were left alone, because `which` does not ask for them. */
  readonly leftAlone: number;
  readonly runs: readonly DateRun[];
}

const LEFT_ALONE = {
  missing: 'published already',
  failed: 'whose last attempt did not fail',
  all: '',
} as const;

/** One line for each date that was run, and how many were not asked for. */
export function datesText(result: DatesResult, colors: boolean): string {
  const { job, from, to, which, leftAlone, runs } = result;
  const { bold, green } = pc.createColors(colors);
  const range = `${job} ${from} to ${to}`;
  if (runs.length === 0) return `${green('✓')} ${bold(range)}: nothing to do, ${others(leftAlone, which)}\n`;
  const head = ['as_of', 'outcome', 'exit', 'rows', 'rejected', 'attempt', 'seconds'];
  const rest = leftAlone === 0 ? '' : `\n  Left alone: ${others(leftAlone, which)}.\n`;
  const isWhole = runs.every(({ error }) => error === undefined);
  return `${renderTable(head, runs.map(row), colors)}${rest}${isWhole ? nextStep(`predawn runs ${job}`, colors) : ''}`;
}

function others(count: number, which: DatesResult['which']): string {
  return `${count} ${count === 1 ? 'date' : 'dates'} ${LEFT_ALONE[which]}`.trim();
}

function row(run: DateRun): string[] {
  const { asOf, receipt, error } = run;
  const code = error === undefined ? (receipt === undefined ? '' : String(SUCCESS)) : String(exitCode(error));
  if (receipt === undefined) return [asOf, outcomeOf(run), code, '', '', '', ''];
  const { rows, attempt_id: id, seconds } = receipt;
  const counts = [rows.scored, rows.rejected].map((count) => count.toLocaleString('en-US'));
  return [asOf, outcomeOf(run), code, ...counts, shortId(id), seconds.toFixed(2)];
}

function outcomeOf({ receipt, error }: DateRun): string {
  if (receipt !== undefined)
    return error === undefined ? receipt.outcome : `${receipt.outcome}: ${error.code}`;
  return error === undefined ? 'not tried' : `failed: ${error.code}`;
}

/** The same for machines. */
export function datesJson({ runs, leftAlone, ...range }: DatesResult): Record<string, unknown> {
  return {
    ...range,
    left_alone: leftAlone,
    dates: runs.map(({ asOf, receipt, error }) => ({
      as_of: asOf,
      outcome: receipt?.outcome ?? (error === undefined ? 'not tried' : 'failed'),
      attempt_id: receipt?.attempt_id ?? null,
      rows: receipt?.rows ?? null,
      ...(error === undefined ? { exit_code: receipt === undefined ? null : SUCCESS } : errorJson(error)),
    })),
  };
}
