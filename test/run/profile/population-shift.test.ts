import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { populationShift } from '../../../src/run/profile/population-shift.js';

const shift = (reference: readonly number[], compared: readonly number[]) =>
  populationShift(Float64Array.from(reference), Float64Array.from(compared));

describe('population shift', () => {
  it('is the sum of (c - r) ln(c / r) over the tenths of the reference', () => {
    const uniform = Array.from({ length: 10_000 }, (_, row) => row / 10_000);
    const counts = [500, 500, 500, 500, 500, 1500, 1500, 1500, 1500, 1500];
    const skewed = counts.flatMap((count, tenth) => new Array<number>(count).fill((tenth + 0.5) / 10));
    const byHand = counts
      .map((count) => [(count + 0.5) / 10_005, 1000.5 / 10_005] as const)
      .reduce((sum, [found, expected]) => sum + (found - expected) * Math.log(found / expected), 0);
    expect(shift(uniform, skewed)).toBeCloseTo(byHand, 12);
    // Without the half rows, 5 (0.15 - 0.1) ln 1.5 + 5 (0.05 - 0.1) ln 0.5.
    expect(shift(uniform, skewed)).toBeCloseTo(0.25 * Math.log(3), 3);
  });

  it('sees a population that is another one, in whichever direction', () => {
    const low = Array.from({ length: 1000 }, (_, row) => row / 2000);
    const high = low.map((value) => value + 0.5);
    expect(shift(low, high)).toBeGreaterThan(2);
    expect(shift(high, low)).toBeGreaterThan(2);
  });

  it.each([
    ['up', 0.75],
    ['down', 0.25],
    ['hardly up', 0.5 + Number.EPSILON],
    ['hardly down', 0.5 - Number.EPSILON],
    ['to the other sign', -0.5],
  ])('sees constant scores move %s', (_, constant) => {
    const half = new Array<number>(500).fill(0.5);
    expect(shift(half, new Array<number>(500).fill(constant))).toBeGreaterThan(2);
    expect(shift(half, half)).toBe(0);
  });

  it('sees scores move away from 0 where most are 0', () => {
    const zeros = [...new Array<number>(950).fill(0), ...new Array<number>(50).fill(1)];
    expect(
      shift(
        zeros,
        zeros.map((value) => value - 1e-9),
      ),
    ).toBeGreaterThan(2);
    expect(
      shift(
        zeros,
        zeros.map((value) => -value),
      ),
    ).toBeLessThan(1);
  });

  const scores = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 300 });

  it('is 0 for the same scores in any order, and never negative', () => {
    fc.assert(
      fc.property(scores, scores, fc.nat(), (one, other, turn) => {
        const turned = [...one.slice(turn % one.length), ...one.slice(0, turn % one.length)];
        expect(shift(one, turned)).toBe(0);
        expect(shift(one, other)).toBeGreaterThanOrEqual(0);
        expect(shift(one, other)).toBeLessThan(Infinity);
      }),
    );
  });

  it('asks for order alone: a change of scale, the same for both, changes nothing', () => {
    fc.assert(
      fc.property(scores, scores, (one, other) => {
        // Powers of two are exact.
        const scaled = (values: number[]) => values.map((value) => value * 1024);
        expect(shift(scaled(one), scaled(other))).toBe(shift(one, other));
      }),
    );
  });

  it('leaves its arrays as they are', () => {
    const values = Float64Array.from([3, 1, 2]);
    populationShift(values, values);
    expect([...values]).toEqual([3, 1, 2]);
  });
});
