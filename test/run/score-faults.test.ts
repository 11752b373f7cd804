import { describe, expect, it } from 'vitest';
import type { KeyColumn, OutputColumn } from '../../src/domain/columns.js';
import { inspectScores } from '../../src/run/score-faults.js';

const keys: KeyColumn[] = [textKeys(['a', 'b', 'c', 'd', 'e', 'f', 'g'])];

function textKeys(texts: readonly string[]): KeyColumn {
  const offsets = Int32Array.from([0, ...texts.map((_, index) => texts.slice(0, index + 1).join('').length)]);
  return { type: 'text', offsets, bytes: Buffer.from(texts.join('')) };
}

function column(name: string, probability: boolean): OutputColumn {
  return { name, type: 'float4', output: 0, element: 0, description: '', probability };
}

describe('inspectScores', () => {
  it('finds NaN and infinities with their keys', () => {
    const data = Float32Array.of(1, NaN, 2, Infinity, -Infinity);
    const faults = inspectScores([{ column: column('price', false), data, offset: 0, stride: 1 }], keys, 5);
    expect(faults).toEqual([{ kind: 'not_finite', column: 'price', count: 3, keys: ['b', 'd', 'e'] }]);
  });

  it('finds probabilities outside [0, 1] in one class of several', () => {
    const data = Float64Array.of(0.5, 1.5, 0.5, -0.25, 0.5, 1, 0.5, 0);
    const faults = inspectScores([{ column: column('p', true), data, offset: 1, stride: 2 }], keys, 4);
    expect(faults).toEqual([{ kind: 'not_a_probability', column: 'p', count: 2, keys: ['a', 'b'] }]);
  });

  it('forgives what float32 rounding adds to a probability', () => {
    const data = Float32Array.of(1 + 2 ** -23, -(2 ** -30));
    expect(inspectScores([{ column: column('p', true), data, offset: 0, stride: 1 }], keys, 2)).toEqual([]);
  });

  it('counts all and names the first five', () => {
    const data = new Float32Array(7).fill(NaN);
    const [fault] = inspectScores([{ column: column('p', false), data, offset: 0, stride: 1 }], keys, 7);
    expect(fault).toMatchObject({ count: 7, keys: ['a', 'b', 'c', 'd', 'e'] });
  });
});
