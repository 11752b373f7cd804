import type { RunStage } from '../domain/run-events.js';
import type { RunContext } from './run-request.js';

type Clock = Pick<RunContext, 'now' | 'onEvent'>;

/** Waits for a part of a run that has just begun, and says how long it took, however it ends. */
export async function timed<T>(stage: RunStage, context: Clock, work: Promise<T>): Promise<T> {
  const done = beginStage(stage, context);
  let failed = true;
  try {
    const result = await work;
    failed = false;
    return result;
  } finally {
    done(failed);
  }
}

/** For a part that ends elsewhere than it begins. */
export function beginStage(stage: RunStage, context: Clock): (failed?: boolean) => void {
  const startedAt = context.now().getTime();
  return (failed = false) =>
    context.onEvent({
      kind: 'stage done',
      ...{ stage, startedAt, finishedAt: context.now().getTime(), failed },
    });
}
