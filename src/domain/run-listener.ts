import type { PredawnError } from './errors.js';
import type { Receipt } from './receipt.js';
import type { RunEvent } from './run-events.js';

/** A run that others are told of, as far as it is known when it begins. */
export interface ToldRun {
  /** A UUID: that of the first attempt, where the run comes to open one. */
  readonly id: string;
  readonly job: string;
  readonly environment: string;
  /** YYYY-MM-DD, where it was asked for. */
  readonly asOf: string | undefined;
  readonly startedAt: Date;
}

/** How a run ended: with a receipt, an error, or both (what is published without its canary). */
export interface RunEnding {
  readonly exitCode: number;
  readonly receipt: Receipt | undefined;
  readonly error: PredawnError | undefined;
}

/**
 * Who is told of a run: monitors, chats, metrics, lineage. The run itself does not know.
 *
 * To implement: telling is best effort. Nothing here throws, rejects or keeps the run waiting; `ended` resolves
 * within two seconds, whatever those at the other end do.
 */
export interface RunListener {
  onEvent(event: RunEvent): void;
  /** Gives who could not be told, and why. Without secrets: of a URL only its host. */
  ended(ending: RunEnding): Promise<readonly string[]>;
}

/** One receiver of what is told, as `predawn notify` shows it. */
export interface Receiver {
  /** `webhook hooks.slack.com`: what it is and where, without secrets. */
  readonly name: string;
  /** What it is told, in a few words. */
  readonly told: string;
  /** What stands in its way and can be seen without telling anything: a folder that can't be written to. */
  check(): Promise<PredawnError | undefined>;
  /** Tells it that this is a test. @throws an Error without secrets where that fails */
  test(call: TestCall, signal: AbortSignal): Promise<void>;
}

/** What a test says. */
export interface TestCall {
  /** A UUID. */
  readonly id: string;
  readonly job: string;
  readonly environment: string;
  readonly now: Date;
}
