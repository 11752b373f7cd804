import { describeError } from '../domain/errors.js';
import type { LedgerEntry } from '../domain/ledger.js';
import type { RunEvent } from '../domain/run-events.js';
import type { RunEnding, RunListener, ToldRun } from '../domain/run-listener.js';
import { settledWithin } from './limits.js';
import type { Channel, Ended, Told } from './told.js';

/** What is left of the two seconds that telling may take is for the process to end. */
const MOST_MILLISECONDS = 1800;
/** The end of a run is told even where its beginning was never answered. */
const MOST_FOR_BEGINNING = 600;
/** For what was called off to say so. */
const MOST_FOR_GIVING_UP = 50;

export interface ListenerOptions {
  readonly run: ToldRun;
  now(): Date;
  /** The job's attempts in the environment by the ledger, newest first. */
  lastAttempts(): Promise<readonly LedgerEntry[]>;
}

/**
 * Tells every channel of a run, all at the same time. What is told as the run goes on is sent at once and not waited for
 * before the end; then all have one limit of time together, whoever does not answer.
 */
export function listen(channels: readonly Channel[], options: ListenerOptions): RunListener {
  const { run } = options;
  const told: Told = {
    ...{ run, asOf: run.asOf, window: undefined, description: undefined },
    ...{ attemptIds: [], stages: [] },
  };
  const giveUp = new AbortController();
  const lines = channels.map((channel) => openLine(channel, giveUp.signal));
  // What is told is what is known now, whenever it is sent.
  const known = (): Told => ({ ...told, attemptIds: [...told.attemptIds], stages: [...told.stages] });

  const begun = known();
  for (const line of lines) line.say(async (channel, signal) => channel.started?.(begun, signal));

  return {
    onEvent(event: RunEvent): void {
      if (event.kind === 'dated') Object.assign(told, { asOf: event.asOf, window: event.window });
      if (event.kind === 'stage done') told.stages.push(event);
      if (event.kind === 'started') told.attemptIds.push(event.attemptId);
      if (event.kind !== 'described' || told.description !== undefined) return;
      told.description = event.description;
      const described = known();
      for (const line of lines) line.say(async (channel, signal) => channel.described?.(described, signal));
    },

    async ended(ending: RunEnding): Promise<readonly string[]> {
      let previous: Promise<LedgerEntry | undefined> | undefined;
      const ended: Ended = {
        ...{ ...known(), ...ending, finishedAt: options.now() },
        previous: () => (previous ??= previousAttempt(told, options)),
      };
      const saying = lines.map(async (line) => {
        await settledWithin(MOST_FOR_BEGINNING, line.said());
        line.say((channel, signal) => channel.ended(ended, signal));
        await line.said();
      });
      const inTime = await settledWithin(MOST_MILLISECONDS, Promise.all(saying));
      // Also what was answered but not to its end.
      giveUp.abort();
      if (!inTime) await settledWithin(MOST_FOR_GIVING_UP, Promise.all(saying));
      return lines.flatMap((line) => line.problem() ?? []);
    },
  };
}

/** One channel, what is being said to it, and the first thing that went wrong. */
function openLine(channel: Channel, signal: AbortSignal) {
  const saying = new Set<Promise<void>>();
  let problem: string | undefined;
  return {
    say(what: (channel: Channel, signal: AbortSignal) => Promise<void>): void {
      const said = (async () => what(channel, signal))()
        .catch((error: unknown) => {
          problem ??= `${channel.name} could not be told: ${describeError(error)}`;
        })
        .finally(() => saying.delete(said));
      saying.add(said);
    },
    said: () => Promise.all(saying),
    problem: () =>
      problem ?? (saying.size > 0 ? `${channel.name} could not be told: it took too long` : undefined),
  };
}

/** The newest attempt of the job that is not this run's own. One that is open is running, or was killed: who knows. */
async function previousAttempt(
  { run, attemptIds }: Told,
  options: ListenerOptions,
): Promise<LedgerEntry | undefined> {
  const entries = await options.lastAttempts();
  return entries.find(
    ({ attemptId, environment, status }) =>
      environment === run.environment && status !== 'open' && !attemptIds.includes(attemptId),
  );
}
