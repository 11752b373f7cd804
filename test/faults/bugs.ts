import type { Step } from '../../src/domain/failpoint.js';
import type { RunningCli } from '../helpers/cli.js';
import type { Action } from './armed-failpoint.js';
import type { Exit, FaultCase, Proving } from './proving.js';

const BUG: FaultCase['exits'] = { old: [70], new: [] };
/** V8 ends a process that has no memory left by itself. */
const ABORTED: FaultCase['exits'] = { old: ['SIGABRT', 134], new: [] };
const LITTLE_MEMORY = { NODE_OPTIONS: '--max-old-space-size=64' };

interface Bug {
  readonly what: string;
  readonly step: Step;
  readonly action: Action;
  readonly exits: FaultCase['exits'];
  readonly says?: RegExp;
  readonly env?: Record<string, string>;
  /** Whether it waits until somebody loses patience. */
  readonly waits?: boolean;
}

/** What a bug of ours could do to the process and to its threads. */
function bugs(destination: string): Bug[] {
  const thread = { step: 'scoring' } as const;
  // In files nothing but the promise is left to wait for, which Node notices. A connection or a thread keeps it.
  const isNoticed = destination === 'files';
  const killed: Exit[] = [143, 'SIGTERM'];
  return [
    { ...thread, what: 'a thread ends', action: 'end', exits: BUG, says: /worker\.died/ },
    {
      ...thread,
      what: 'a thread has no memory left',
      action: 'memory',
      exits: BUG,
      env: LITTLE_MEMORY,
      says: /worker\.died/,
    },
    { ...thread, what: 'a thread rejects a promise', action: 'reject', exits: BUG, says: /worker\.died/ },
    { ...thread, what: 'a thread throws', action: 'throw', exits: BUG, says: /thrown by a failpoint/ },
    {
      ...thread,
      what: 'a thread never answers',
      action: 'hang',
      exits: { old: killed, new: [] },
      waits: true,
    },
    ...(['attempt opened', 'block staged', 'gates passed'] as const).flatMap((step): Bug[] => [
      { step, what: 'an exception', action: 'throw', exits: BUG, says: /thrown by a failpoint/ },
      { step, what: 'an unhandled rejection', action: 'reject', exits: BUG, says: /rejected by a failpoint/ },
      { step, what: 'no memory left', action: 'memory', exits: ABORTED, env: LITTLE_MEMORY },
      isNoticed && step !== 'block staged'
        ? { step, what: 'a promise that never settles', action: 'hang', exits: BUG, says: /ended before/ }
        : {
            step,
            what: 'a promise that never settles',
            action: 'hang',
            exits: { old: killed, new: [] },
            waits: true,
          },
    ]),
  ];
}

/** Bugs of every kind: the process says so, never exits with 0, and nothing is published. */
export async function proveBugs(proving: Proving, isLong: boolean): Promise<void> {
  const all = bugs(proving.ground.name);
  const some = all.filter(({ step, what }) =>
    step === 'scoring' ? /ends/.test(what) : step === 'gates passed' && /settles|unhandled/.test(what),
  );
  for (const { what, step, waits, ...bug } of isLong ? all : some)
    await proving.prove({
      ...bug,
      kind: what,
      name: `${what} at ${step}`,
      change: 'many',
      failpoint: { step, action: bug.action },
      ...(waits === true && { act: (running) => losePatience(running, step) }),
    });
}

/** The first signal asks, the second one ends a process that does not answer. */
async function losePatience({ child, wrote }: RunningCli, step: Step): Promise<void> {
  await wrote(new RegExp(`failpoint: ${step}`));
  child.kill('SIGTERM');
  // Signals that come together count as one.
  await new Promise((resolve) => setTimeout(resolve, 300));
  child.kill('SIGTERM');
}
