import type { KeyColumn, OutputValues } from '../domain/columns.js';
import { keyText } from '../domain/key-text.js';
import type { ScoreFault } from '../domain/tally.js';

/** How many offending keys a gate names. */
export const NAMED_KEYS = 5;

export type { ScoreFault };

/**
 * float32 sums of class probabilities overshoot 1 by a few units in the last place; anything beyond is a fault.
 * 2^-20 is eight times float32's epsilon.
 */
const PROBABILITY_SLACK = 2 ** -20;

/** NaN and infinite scores, and probabilities outside [0, 1]. */
export function inspectScores(
  outputs: readonly OutputValues[],
  keys: readonly KeyColumn[],
  rows: number,
): ScoreFault[] {
  return outputs.flatMap((values) => {
    const { data, column } = values;
    if (!(data instanceof Float32Array || data instanceof Float64Array)) return [];
    const notFinite: number[] = [];
    const outside: number[] = [];
    for (let row = 0, at = values.offset; row < rows; row++, at += values.stride) {
      const value = data[at]!;
      if (value - value !== 0) notFinite.push(row);
      else if (column.probability && (value < -PROBABILITY_SLACK || value > 1 + PROBABILITY_SLACK))
        outside.push(row);
    }
    return [...fault('not_finite', notFinite), ...fault('not_a_probability', outside)];

    function fault(kind: ScoreFault['kind'], at: number[]): ScoreFault[] {
      if (at.length === 0) return [];
      return [
        {
          kind,
          column: column.name,
          count: at.length,
          keys: at.slice(0, NAMED_KEYS).map((row) => keyText(keys, row)),
        },
      ];
    }
  });
}
