import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedTexts } from '../../src/domain/coded-texts.js';
import { type GoldenRows, goldenBytes, readGolden } from '../../src/domain/golden.js';
import type { ModelSignature } from '../../src/domain/model.js';
import { scoreDifferences } from '../../src/domain/score-difference.js';

const signature: ModelSignature = {
  inputs: [
    { name: 'f', type: 'float32', shape: [null, 2] },
    { name: 'd', type: 'float64', shape: [null] },
    { name: 'l', type: 'int64', shape: [null, 1] },
    { name: 'i', type: 'int32', shape: [null, 1] },
    { name: 'b', type: 'bool', shape: [null, 1] },
    { name: '__proto__', type: 'string', shape: [null, 1] },
  ],
  outputs: [
    { name: 'label', role: 'label', type: 'int8', width: 1, classes: undefined },
    { name: 'p', role: 'probabilities', type: 'float4', width: 2, classes: ['no', 'yes'] },
  ],
  fixedBatch: undefined,
};

const row = fc.record({
  f: fc.tuple(fc.float(), fc.float()),
  d: fc.double(),
  l: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  i: fc.integer(),
  b: fc.integer({ min: 0, max: 1 }),
  s: fc.string({ unit: 'grapheme' }),
  label: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  p: fc.tuple(fc.float(), fc.float()),
});

it('golden rows come back bit by bit, whatever the values', () => {
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
      const golden: GoldenRows = {
        rows: rows.length,
        keys: rows.map(({ s }) => s),
        inputs: [
          Float32Array.from(rows.flatMap(({ f }) => f)),
          Float64Array.from(rows, ({ d }) => d),
          BigInt64Array.from(rows, ({ l }) => l),
          Int32Array.from(rows, ({ i }) => i),
          Uint8Array.from(rows, ({ b }) => b),
          CodedTexts.from(rows.map(({ s }) => s)),
        ],
        expected: [
          BigInt64Array.from(rows, ({ label }) => label),
          Float32Array.from(rows.flatMap(({ p }) => p)),
        ],
      };
      // toEqual tells -0 from 0.
      expect(readGolden(goldenBytes(golden, signature), signature, 'golden.json')).toEqual(golden);
    }),
  );
});

describe('golden rows that do not fit the model', () => {
  const simple: ModelSignature = {
    inputs: [signature.inputs[0]!],
    outputs: [signature.outputs[1]!],
    fixedBatch: undefined,
  };
  const whole = { rows: 1, keys: ['a'], inputs: { f: [1, 2] }, expected: { p: [0, 1] } };

  it.each([
    ['rows', { ...whole, rows: 2 }],
    ['no rows', { ...whole, rows: 0, keys: [] }],
    ['keys', { ...whole, keys: [1] }],
    ['an input', { ...whole, inputs: {} }],
    ['a width', { ...whole, inputs: { f: [1] } }],
    ['a number', { ...whole, inputs: { f: [1, 'many'] } }],
    ['an output', { ...whole, expected: { p: [null, 1] } }],
    ['anything', null],
  ])('by their %s are damage', (_, json) => {
    const bytes = new TextEncoder().encode(JSON.stringify(json));
    expect(() => readGolden(bytes, simple, 'here/golden.json')).toThrow(
      expect.objectContaining({
        kind: 'artefact',
        code: 'registry.damaged',
        message: expect.stringContaining('here/golden.json') as string,
      }),
    );
  });
});

describe('scores differ', () => {
  const tolerance = { relative: 0.01, absolute: 0.1 };
  const compare = (labels: bigint[], p: number[]) =>
    scoreDifferences(
      signature,
      tolerance,
      [BigInt64Array.from([1n, 2n]), Float32Array.from([100, NaN, 0, 5])],
      [BigInt64Array.from(labels), Float32Array.from(p)],
    ).map(({ row: at, column }) => `${at} ${column}`);

  it('past absolute + relative * |expected|, the farthest first', () => {
    expect(compare([1n, 2n], [101, NaN, 0.0625, 5.125])).toEqual([]);
    expect(compare([1n, 2n], [101.5, NaN, 0, 5])).toEqual(['0 probability_no']);
    expect(compare([1n, 2n], [101.5, NaN, 0, 9])).toEqual(['1 probability_yes', '0 probability_no']);
  });

  it('for labels, NaN and infinities unless they are the same', () => {
    expect(compare([1n, 3n], [100, NaN, 0, 5])).toEqual(['1 label']);
    expect(compare([1n, 2n], [100, 0, 0, 5])).toEqual(['0 probability_yes']);
    expect(compare([1n, 2n], [Infinity, NaN, NaN, 5])).toEqual(['0 probability_no', '1 probability_no']);
  });
});
