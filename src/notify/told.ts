import type { LedgerEntry } from '../domain/ledger.js';
import type { RunDescription, StageTime } from '../domain/run-events.js';
import type { RunEnding, TestCall, ToldRun } from '../domain/run-listener.js';
import type { DataWindow } from '../domain/window.js';

/** What is known of a run so far. */
export interface Told {
  readonly run: ToldRun;
  /** YYYY-MM-DD: the date that was asked for until the run has fixed one. */
  asOf: string | undefined;
  window: DataWindow | undefined;
  description: RunDescription | undefined;
  /** Ids of its attempts: a canary that fails makes a second one. */
  readonly attemptIds: string[];
  readonly stages: StageTime[];
}

/** A run that has ended. */
export interface Ended extends Told, RunEnding {
  readonly finishedAt: Date;
  /** The attempt of the job before this run, by the ledger; for those who ask. */
  previous(): Promise<LedgerEntry | undefined>;
}

/**
 * One receiver of what is told.
 *
 * To implement: whatever goes wrong is thrown as an Error without secrets; whoever calls has a limit of time and
 * aborts `signal`. `ended` may be called without the others before it.
 */
export interface Channel {
  /** What it is and where, without secrets. */
  readonly name: string;
  /** What it is told, in a few words. */
  readonly told: string;
  /** When the run begins. */
  started?(told: Told, signal: AbortSignal): Promise<void>;
  /** When it is known what the run reads and where it publishes. */
  described?(told: Told, signal: AbortSignal): Promise<void>;
  ended(ended: Ended, signal: AbortSignal): Promise<void>;
  /** What can be seen to be wrong without telling anything. @throws an Error */
  check?(): Promise<void>;
  /** Says that this is a test. */
  test(test: TestCall, signal: AbortSignal): Promise<void>;
}

/** Whether the slice of the date is there: published now, or before. */
export function isPublished({ receipt }: Pick<RunEnding, 'receipt'>): boolean {
  return receipt?.outcome === 'published' || receipt?.outcome === 'unchanged';
}

export function secondsOf({ run, finishedAt }: Ended): number {
  return Math.max(0, (finishedAt.getTime() - run.startedAt.getTime()) / 1000);
}

/** A URL for one job. */
export function urlFor(url: string, job: string): string {
  // In a URL that was parsed and written again, braces are percent-encoded.
  return url.replaceAll(/\{job\}|%7Bjob%7D/gi, encodeURIComponent(job));
}
