import type { RunEvent } from '../domain/run-events.js';
import { openLog } from '../run/log.js';
import type { RunContext } from '../run/run-request.js';
import type { CommandContext } from './context.js';
import { logLevel } from './log-level.js';
import type { CommonOptions } from './print.js';

/** The context of a command that works on one attempt: what happens goes to the log. */
export async function loggedRun(
  job: string,
  options: CommonOptions,
  context: CommandContext,
): Promise<RunContext> {
  const log = await openLog({
    level: logLevel(context, options.quiet === true || context.stderr.isTTY ? 'error' : 'info'),
    bindings: { job },
  });
  return {
    ...context,
    onEvent: (event: RunEvent) => {
      if (event.kind !== 'scored') log.info(event, event.kind);
    },
  };
}
