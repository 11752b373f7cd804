import { randomInt } from 'node:crypto';
import { describeError } from '../../src/domain/errors.js';
import { Random } from './random.js';

/** How many times as many cases as in `npm test`: PREDAWN_FUZZ_TIMES. */
export const TIMES = Number(process.env['PREDAWN_FUZZ_TIMES'] ?? 1);

/** What a test with so many seconds of cases in `npm test` may take here. */
export const timeoutFor = (seconds: number): number => Math.max(60, seconds * 10) * 1000 * Math.max(1, TIMES);

/** Which cases are asked for: from one number to before another, of a seed. */
export function chooseCases(inTests: number): { seed: number; from: number; to: number } {
  const seed = Number(process.env['PREDAWN_FUZZ_SEED'] ?? randomInt(2 ** 31));
  const only = process.env['PREDAWN_FUZZ_CASE'];
  const count = Math.ceil(inTests * TIMES);
  return only === undefined
    ? { seed, from: 0, to: count }
    : { seed, from: Number(only), to: Number(only) + 1 };
}

export function howToRepeat(seed: number, index: number): string {
  return `PREDAWN_FUZZ_SEED=${seed} PREDAWN_FUZZ_CASE=${index} repeats this case`;
}

/**
 * Calls `work` for `inTests` times PREDAWN_FUZZ_TIMES cases, each with random numbers of its own. A case that throws
 * ends it with an error that says how to repeat that very case: PREDAWN_FUZZ_SEED, and PREDAWN_FUZZ_CASE for it alone.
 */
export async function eachCase(
  name: string,
  inTests: number,
  work: (random: Random) => void | Promise<void>,
): Promise<void> {
  const { seed, from, to } = chooseCases(inTests);
  for (let index = from; index < to; index++) {
    try {
      await work(new Random(seed, index));
    } catch (error) {
      throw new Error(`${name}: ${howToRepeat(seed, index)}:\n${describeError(error)}`, { cause: error });
    }
    // The test runner wants to hear of this process now and then.
    if (index % 64 === 63) await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Says how many cases there were, in the long form. */
export function report(what: string, count: number): void {
  if (TIMES !== 1) console.log(`fuzz: ${count.toLocaleString('en')} ${what}`);
}
