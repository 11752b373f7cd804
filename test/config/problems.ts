import { expect } from 'vitest';
import { PredawnError } from '../../src/domain/errors.js';

/** The messages, with their hints, of a configuration error that must come. */
export async function problemsOf(work: Promise<unknown>): Promise<string[]> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PredawnError);
  if (!(error instanceof PredawnError)) return [];
  expect(error.kind).toBe('configuration');
  const problems = error.problems.length > 0 ? error.problems : [error];
  return problems.map(({ message, hint }) => (hint === undefined ? message : `${message} ${hint}`));
}
