import { EXIT_CODES } from '../../src/cli/exit-codes.js';
import type { ChildEnd } from '../../src/schedule/child-run.js';

/** How a `predawn run --json` of a date ends: with an exit code, or without a word because of a signal. */
export function fakeEnd(asOf: string, how: number | NodeJS.Signals, code = 'test.code'): ChildEnd {
  if (typeof how === 'string') return { code: null, signal: how, result: undefined, lastWords: '' };
  const receipt = {
    attempt_id: '0199f2a1-7b3c-7000-8000-000000000000',
    as_of: asOf,
    outcome: 'published',
    rows: { read: 5, scored: 5, rejected: 0 },
  };
  if (how === 0) return { code: 0, signal: null, result: receipt, lastWords: '' };
  const { kind } = EXIT_CODES.find((entry) => entry.code === how)!;
  const error = { kind: how === 130 || how === 143 ? 'interrupted' : kind, code, message: `${asOf} failed` };
  const result = { error, exit_code: how, ...(how === 77 && { result: receipt }) };
  return { code: how, signal: null, result, lastWords: 'predawn: it failed' };
}
