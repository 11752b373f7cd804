import { setTimeout as delay } from 'node:timers/promises';
import { type Step, STEPS } from '../../src/domain/failpoint.js';
import { shuffled } from '../helpers/random.js';
import { type Change, CHANGES } from './inputs.js';
import type { FaultCase, Exit, Proving } from './proving.js';

/** What every run comes to, in order; and those that come after the new slice can be seen. */
const BEFORE = STEPS.slice(0, STEPS.indexOf('key built'));
const AFTER = STEPS.slice(STEPS.indexOf('settling'));

/** The steps of publishing. A signal that comes when the outcome is no longer ours to choose changes nothing. */
const PUBLISHING: Record<
  string,
  { readonly before: readonly Step[]; readonly late: readonly Step[]; readonly after: readonly Step[] }
> = {
  files: { before: ['recorded', 'linked'], late: [], after: ['renamed', 'synced', 'published'] },
  PostgreSQL: {
    before: ['key built', 'fence passed', 'outgoing kept', 'slice changed', 'ledger written'],
    late: ['committing'],
    after: ['committed'],
  },
};

const SIGNALS = [
  { action: 'kill', signal: 'SIGKILL' },
  { action: 'term', signal: 'SIGTERM', code: 143 },
  { action: 'int', signal: 'SIGINT', code: 130 },
] as const;

/** SIGKILL, SIGTERM and SIGINT at each step, for each way of publishing. */
function signalsAtSteps(destination: string): FaultCase[] {
  const { before, late, after } = PUBLISHING[destination]!;
  const all = [
    ...[...BEFORE, ...before].map((step) => ({ step, when: 'before' as const })),
    ...late.map((step) => ({ step, when: 'late' as const })),
    ...[...after, ...AFTER].map((step) => ({ step, when: 'after' as const })),
  ];
  return CHANGES.flatMap((change) =>
    all
      .filter(({ step }) => step !== 'outgoing kept' || change !== 'first')
      .flatMap(({ step, when }) => SIGNALS.map((signal) => signalAt(signal, step, when, change))),
  );
}

function signalAt(
  { action, signal, ...rest }: (typeof SIGNALS)[number],
  step: Step,
  when: 'before' | 'late' | 'after',
  change: Change,
): FaultCase {
  const killed = !('code' in rest);
  const exits: Record<typeof when, { old: Exit[]; new: Exit[] }> = killed
    ? {
        before: { old: [signal], new: [] },
        late: { old: [signal], new: [] },
        after: { old: [], new: [signal] },
      }
    : {
        before: { old: [rest.code], new: [] },
        late: { old: [], new: [0] },
        after: { old: [], new: [0] },
      };
  return {
    kind: `${signal} at a step`,
    name: `${signal} at ${step}`,
    change,
    // Some blocks later the slice is under way.
    failpoint: { step, action, nth: step === 'block staged' ? 3 : 1 },
    args: ['--report', 'report.json'],
    exits: exits[when],
    ...(!killed && { says: /interrupted/ }),
  };
}

/** Signals at random moments of a run, of which `usual` milliseconds is how long one takes. */
function signalAtRandom(random: () => number, usual: () => number): FaultCase {
  const { signal, ...rest } = SIGNALS[Math.floor(random() * SIGNALS.length)]!;
  const change = CHANGES[Math.floor(random() * CHANGES.length)]!;
  const moment = random();
  return {
    kind: `${signal} at a random moment`,
    name: `${signal} at ${moment.toFixed(3)} of a run`,
    change,
    act: async ({ child, finished }) => {
      await Promise.race([delay(moment * usual()), finished]);
      child.kill(signal);
    },
    // Before its handlers are there, a signal ends a process as it ends any; one that is late finds it done.
    exits: { old: 'code' in rest ? [rest.code, signal] : [signal], new: 'code' in rest ? [0] : [signal, 0] },
  };
}

/** While the process takes itself down: what is published is not called unpublished any more. */
function signalAtEnd(random: () => number): FaultCase {
  const signal = random() < 0.5 ? 'SIGTERM' : 'SIGINT';
  const moment = Math.floor(random() * 40);
  return {
    kind: `${signal} when published`,
    name: `${signal} ${moment} ms after it was published`,
    change: CHANGES[Math.floor(random() * CHANGES.length)]!,
    act: async ({ child, finished, logged }) => {
      await logged('published');
      await Promise.race([delay(moment), finished]);
      child.kill(signal);
    },
    exits: { old: [], new: [0] },
  };
}

/**
 * At every step, each at its turn by chance, and then at random moments, until there are `count`; of eight, one when all
 * is done.
 */
export async function proveKills(proving: Proving, random: () => number, count: number): Promise<void> {
  const atSteps = shuffled(signalsAtSteps(proving.ground.name), random);
  let usual = 700;
  for (let done = 0; done < count; done++) {
    const fault =
      done % 8 === 3 ? signalAtEnd(random) : (atSteps.pop() ?? signalAtRandom(random, () => usual));
    const began = Date.now();
    await proving.prove(fault);
    // Of this run and the next one, of which the first was not always whole.
    usual = 0.6 * (Date.now() - began);
  }
}
