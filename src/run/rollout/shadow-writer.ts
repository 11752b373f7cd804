import { describeError, PredawnError } from '../../domain/errors.js';
import type { Attempt, EncodedBlock, Publication, Stage } from '../../domain/publication.js';

/** Name of a job's shadow in the ledger: no job file can have it. */
export function shadowJob(job: string): string {
  return `${job}+shadow`;
}

/** `<table>_shadow`, in the quotes that the name is written in. */
export function shadowTable(table: string): string {
  return table.endsWith('"') ? `${table.slice(0, -1)}_shadow"` : `${table}_shadow`;
}

/** An attempt that goes on beside another one, which it must not take down with it. */
export interface ShadowWriter {
  readonly stage: Stage;
  append(block: EncodedBlock): Promise<void>;
  /** Ends the attempt; with a reason it is recorded as failed. Throws where that can't be. */
  end(reason?: unknown): Promise<void>;
}

/**
 * Opens an attempt of its own, with its own lock, slice and line in the ledger.
 *
 * @throws PredawnError as `Publication.withAttempt` does, and for a target that can't be published to
 */
export async function openShadowWriter(
  publication: Publication,
  attempt: Attempt,
  signal: AbortSignal,
): Promise<ShadowWriter> {
  const [problem] = await publication.check(attempt.target);
  if (problem !== undefined) throw problem;

  let release!: (reason: unknown) => void;
  const released = new Promise<unknown>((resolve) => (release = resolve));
  let opened!: (stage: Stage) => void;
  const opening = new Promise<Stage>((resolve) => (opened = resolve));
  const ended = publication.withAttempt(attempt, signal, async (stage) => {
    opened(stage);
    const reason = await released;
    if (reason !== undefined) throw asError(reason);
  });
  // Until it is opened, whatever ends it is why it can't be.
  const stage = await Promise.race([opening, ended.then(() => opening)]);
  ended.catch(() => undefined);

  return {
    stage,
    append: (block) => stage.append(block),
    end: async (reason) => {
      release(reason);
      await ended.catch((error: unknown) => {
        if (reason === undefined) throw error;
      });
    },
  };
}

function asError(reason: unknown): Error {
  return reason instanceof Error
    ? reason
    : new PredawnError('internal', 'shadow.abandoned', describeError(reason));
}
