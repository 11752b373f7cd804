import { describe, expect, it } from 'vitest';
import { EXIT_CODES, exitCode, gravest } from '../../src/cli/exit-codes.js';
import { type ErrorKind, PredawnError } from '../../src/domain/errors.js';

describe('exit codes', () => {
  it('have one line each', () => {
    const codes = EXIT_CODES.map(({ code }) => code);
    expect(codes).toEqual([0, 64, 65, 66, 69, 70, 74, 75, 76, 77, 78, 130, 143]);
  });

  it.each<[ErrorKind, number]>([
    ['usage', 64],
    ['data', 65],
    ['input', 66],
    ['overdue', 69],
    ['internal', 70],
    ['unresolved', 74],
    ['unavailable', 75],
    ['artefact', 76],
    ['canary', 77],
    ['configuration', 78],
  ])('%s: %i', (kind, code) => {
    expect(exitCode(new PredawnError(kind, 'x', 'x'))).toBe(code);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('interrupted by %s: %i', (signal, code) => {
    expect(exitCode(new PredawnError('interrupted', 'x', 'x', { signal }))).toBe(code);
  });

  it('of several failures: what needs a person before what a retry mends', () => {
    const errors = (...kinds: ErrorKind[]) => kinds.map((kind) => new PredawnError(kind, kind, kind));
    expect(gravest(errors('input', 'unavailable', 'data', 'canary'))?.kind).toBe('data');
    expect(gravest(errors('canary', 'input', 'unavailable'))?.kind).toBe('unavailable');
    expect(gravest(errors('canary', 'input'))?.kind).toBe('input');
    expect(gravest([])).toBeUndefined();
  });
});
