import { InvalidArgumentError } from 'commander';
import type { Tolerance } from '../domain/registry.js';

/** What scikit-learn's float64 and onnxruntime's float32 differ by in ordinary models. */
export const DEFAULT_TOLERANCE: Tolerance = { relative: 1e-5, absolute: 1e-6 };

/** For commander: `1e-5` for both, or `relative=1e-5,absolute=1e-6`, or one of the two with the other's default. */
export function tolerance(text: string): Tolerance {
  if (!text.includes('=')) {
    const both = distance(text);
    return { relative: both, absolute: both };
  }
  const given: { relative?: number; absolute?: number } = {};
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=').map((word) => word.trim());
    if (name !== 'relative' && name !== 'absolute') {
      throw new InvalidArgumentError(`${name} is neither relative nor absolute.`);
    }
    if (given[name] !== undefined) throw new InvalidArgumentError(`${name} is given twice.`);
    given[name] = distance(value);
  }
  return { ...DEFAULT_TOLERANCE, ...given };
}

function distance(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('A tolerance is a number such as 1e-5, 0 or above.');
}
