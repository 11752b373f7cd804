import type { Logger } from 'pino';
import { loadNotify } from '../config/settings.js';
import type { Settings } from '../domain/job.js';
import type { NotifySettings } from '../domain/notify.js';
import type { Receipt } from '../domain/receipt.js';
import type { RunEvent } from '../domain/run-events.js';
import type { RunListener } from '../domain/run-listener.js';
import { settingsRequest } from './command.js';
import type { CommandContext } from './context.js';
import { exitCode, SUCCESS } from './exit-codes.js';
import type { CommonOptions } from './print.js';
import { asPredawnError } from './render-error.js';

/** Those who are told of one run; nobody until `begin`. */
export interface Telling {
  /** The settings can be used, and the run begins. */
  begin(settings: Settings): Promise<void>;
  onEvent(event: RunEvent): void;
  /** For the run: its first attempt has the id that others are told. */
  newAttemptId(): string;
  /** Takes at most two seconds, and changes nothing. */
  ended(receipt: Receipt | undefined, thrown?: unknown): Promise<void>;
}

export interface TellingOptions {
  readonly job: string;
  /** The data date that was asked for. */
  readonly date: string | undefined;
  /** A run that publishes nothing is nobody's business. */
  readonly isTrial: boolean;
  readonly options: CommonOptions;
  readonly log: Logger;
}

/**
 * Tells of a run: also of one that ends before it has begun, because the settings or the job file can't be used, as long
 * as the settings can still be read so far as to say who is to be told.
 */
export function openTelling(asked: TellingOptions, context: CommandContext): Telling {
  const { job, date, isTrial, options, log } = asked;
  const startedAt = context.now();
  const runId = context.newAttemptId();
  const ids = [runId];
  let listener: RunListener | undefined;
  let hasBegun = false;

  async function open(notify: NotifySettings, environment: string, settings?: Settings): Promise<void> {
    for (const problem of notify.problems) log.warn({ code: problem.code }, problem.message);
    const run = { id: runId, job, environment, asOf: date, startedAt };
    listener = await context.services.openListener({ notify, run, settings });
  }

  return {
    async begin(settings) {
      hasBegun = true;
      const { notify, name } = settings.environment;
      if (!isTrial && notify !== undefined) await open(notify, name, settings);
    },
    onEvent: (event) => listener?.onEvent(event),
    newAttemptId: () => ids.pop() ?? context.newAttemptId(),
    async ended(receipt, thrown) {
      const error = thrown === undefined ? undefined : asPredawnError(thrown);
      try {
        if (!hasBegun && !isTrial) {
          const target = await loadNotify(await settingsRequest(options, context));
          if (target !== undefined) await open(target.notify, target.environment);
        }
        const problems = await listener?.ended({
          exitCode: error === undefined ? SUCCESS : exitCode(error),
          receipt,
          error,
        });
        for (const problem of problems ?? []) log.warn(problem);
      } catch (failure) {
        // Whatever goes wrong here is not what the run is judged by.
        log.warn({ err: failure }, 'nobody could be told how the run ended');
      }
    },
  };
}
