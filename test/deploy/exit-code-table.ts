import { EXIT_CODES } from '../../src/cli/exit-codes.js';

/** Codes that a run can end with and that a retry does not help with: a person is needed. */
export const NEVER_RETRY: readonly number[] = EXIT_CODES.filter(({ retry }) => /^no/.test(retry)).map(
  ({ code }) => code,
);

/** The other failures. */
export const RETRY: readonly number[] = EXIT_CODES.map(({ code }) => code).filter(
  (code) => code !== 0 && !NEVER_RETRY.includes(code),
);

/** The numbers in a text. */
export function codesIn(text: string): number[] {
  return [...text.matchAll(/\d+/g)].map(([code]) => Number(code));
}
