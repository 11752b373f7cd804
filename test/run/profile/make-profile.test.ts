import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedTexts } from '../../../src/domain/coded-texts.js';
import type { ModelSignature } from '../../../src/domain/model.js';
import { profileBytes, readProfile } from '../../../src/domain/profile-record.js';
import { countIntegers, countNumbers } from '../../../src/run/profile/count-values.js';
import { makeProfile } from '../../../src/run/profile/make-profile.js';
import { binOf } from '../../../src/run/profile/population-shift.js';

const signature: ModelSignature = {
  inputs: [
    { name: 'x', type: 'float32', shape: [null, 2] },
    { name: 'plan', type: 'string', shape: [null, 1] },
    { name: 'code', type: 'int64', shape: [null, 1] },
  ],
  outputs: [
    { name: 'label', role: 'label', type: 'text', width: 1, classes: undefined },
    { name: 'p', role: 'probabilities', type: 'float4', width: 2, classes: ['no', 'yes'] },
  ],
  fixedBatch: undefined,
};

function sample(rows: number) {
  const each = <T>(value: (row: number) => T) => Array.from({ length: rows }, (_, row) => value(row));
  const plan = (row: number) => (row % 10 < 6 ? 'solo' : row % 10 < 9 ? 'family' : `rare ${row}`);
  return {
    rows,
    inputs: [
      Float32Array.from(each((row) => [row, row % 4 === 0 ? NaN : 7]).flat()),
      CodedTexts.from(each(plan)),
      BigInt64Array.from(each((row) => BigInt(row) - 3n)),
    ],
    outputs: [
      CodedTexts.from(each(() => 'no')),
      Float32Array.from(each((row) => [1 - row / rows, row / rows]).flat()),
    ],
  };
}

describe('a profile', () => {
  const profile = makeProfile(signature, sample(100));

  it('has tenths of numbers, frequent categories, and missing values apart', () => {
    const [first, second, plan, code] = profile.features;
    expect(first).toMatchObject({ name: 'x', element: 0, counts: [...new Array<number>(10).fill(10), 0] });
    // One value in three quarters of the rows: a bin below it, its own, none above; the last is what is missing.
    expect(second).toMatchObject({ name: 'x', element: 1, counts: [0, 75, 0, 25] });
    expect(plan).toMatchObject({
      bins: { kind: 'categories', categories: ['solo', 'family'] },
      counts: [60, 30, 10, 0],
    });
    expect(code).toMatchObject({ name: 'code', counts: [...new Array<number>(10).fill(10), 0] });
    expect(profile.scores.map(({ name, element }) => `${name} ${element}`)).toEqual(['p 0', 'p 1']);
  });

  it('comes back from its bytes, and damaged bytes do not', () => {
    const bytes = profileBytes(profile);
    expect(readProfile(bytes, 'profile.json')).toEqual(profile);
    const text = new TextDecoder().decode(bytes);
    for (const damaged of [text.slice(0, -9), text.replace('"counts":[10,', '"counts":['), '{}']) {
      expect(() => readProfile(new TextEncoder().encode(damaged), 'profile.json')).toThrow(/profile.json/);
    }
  });

  it('can be made of a column without any value', () => {
    const rows = 3;
    const empty = { name: 'x', type: 'float32', shape: [null, 1] } as const;
    const one = { ...signature, inputs: [empty], outputs: [] };
    const { features } = makeProfile(one, { rows, inputs: [new Float32Array(3).fill(NaN)], outputs: [] });
    expect(features).toMatchObject([{ bins: { edges: [] }, counts: [0, 3] }]);
  });
});

it('counts numbers as stepping through the edges would, wherever they are', () => {
  const number = fc.oneof(
    fc.double({ noNaN: true }),
    fc.integer({ min: -5, max: 5 }),
    fc.constantFrom(NaN, 0, -0, 1e-300, 1e300),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(
        fc.oneof(fc.integer({ min: -5, max: 5 }), fc.double({ noNaN: true, noDefaultInfinity: true })),
        {
          maxLength: 10,
        },
      ),
      fc.array(number, { maxLength: 40 }),
      (unsorted, values) => {
        const edges = unsorted.sort((a, b) => a - b);
        const counts = new Array<number>(edges.length + 2).fill(0);
        const data = Float64Array.from(values.flatMap((value) => [0, value]));
        countNumbers({ data, offset: 1, stride: 2, rows: values.length }, edges, counts);
        const expected = new Array<number>(edges.length + 2).fill(0);
        for (const value of values) expected[Number.isNaN(value) ? edges.length + 1 : binOf(value, edges)]!++;
        expect(counts).toEqual(expected);
      },
    ),
  );
});

it('counts 64-bit integers as the numbers they are', () => {
  const integer = fc.oneof(
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.bigInt({ min: -9n, max: 9n }),
  );
  fc.assert(
    fc.property(fc.array(integer), (values) => {
      const edges = [-5e-324, 0, 3, 1e15];
      const [counts, expected] = [new Array<number>(6).fill(0), new Array<number>(6).fill(0)];
      countIntegers(
        { data: BigInt64Array.from(values), offset: 0, stride: 1, rows: values.length },
        edges,
        counts,
      );
      for (const value of values) expected[binOf(Number(value), edges)]!++;
      expect(counts).toEqual(expected);
    }),
  );
});
