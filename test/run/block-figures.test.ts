import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DecodedBlock, DecodePlan, FeatureSlot, OutputValues } from '../../src/domain/columns.js';
import type { Manifest } from '../../src/domain/registry.js';
import { askedFigures } from '../../src/run/asked-figures.js';
import { blockFigures, mergeFigures } from '../../src/run/block-figures.js';

const asked = { scoreRanges: true, missing: true };
const slot = (column: string, offset: number, then: 'nan' | 'reject'): FeatureSlot => ({
  ...{ column, sourceIndex: offset, type: 'float32', input: 0, offset },
  missing: { then, tokens: [] },
});
/** One matrix input of four columns; `a` feeds two of them, and `c` never holds a NaN. */
const plan: DecodePlan = {
  ...{ columns: ['a', 'b', 'c'], keys: [], inputs: [{ name: 'x', type: 'float32', width: 4 }] },
  features: [slot('a', 0, 'nan'), slot('b', 1, 'nan'), slot('c', 2, 'reject'), slot('a', 3, 'nan')],
};

type Row = readonly [a: number, b: number, score: number];

function figures(rows: readonly Row[]) {
  const tensors = [Float32Array.from(rows.flatMap(([a, b]) => [a, b, 0, a]))];
  const column = { name: 'p', type: 'float4', output: 0, element: 0, description: '', probability: false };
  const data = Float32Array.from(rows.flatMap(([, , score]) => [-1000, score]));
  const outputs = [{ column, data, offset: 1, stride: 2 }] as OutputValues[];
  const decoded = { rows: rows.length, tensors } as unknown as DecodedBlock;
  return blockFigures(asked, plan, decoded, rows.length === 0 ? [] : outputs);
}

it('counts NaN once a column, and finds the range of a score', () => {
  expect(
    figures([
      [NaN, 1, 0.5],
      [NaN, NaN, 0.25],
      [0, 0, 0.75],
    ]),
  ).toEqual({
    scoreRanges: [{ column: 'p', least: 0.25, most: 0.75 }],
    missing: [
      { column: 'a', count: 2 },
      { column: 'b', count: 1 },
    ],
  });
});

it('gives the same for a whole and for its parts together, in whichever sizes', () => {
  const value = fc.constantFrom(NaN, 0, 1);
  const rows = fc.array(fc.tuple(value, value, fc.float({ noNaN: true, noDefaultInfinity: true })), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(fc.array(rows, { minLength: 1, maxLength: 4 }), (parts) => {
      expect(parts.map(figures).reduce(mergeFigures)).toEqual(figures(parts.flat()));
    }),
  );
});

it('takes nothing that no gate asks for', () => {
  const artefact = { profile: undefined, manifest: {} as Manifest };
  const binding = { plan, outputs: [] };
  const model = { knownCategories: () => [] };
  expect(askedFigures({ gates: undefined }, artefact, binding, model)).toEqual({
    scoreRanges: false,
    missing: false,
  });
  expect(askedFigures({ gates: { constant_scores: { action: 'warn' } } }, artefact, binding, model)).toEqual({
    scoreRanges: true,
    missing: false,
  });
  const decoded = { rows: 0, tensors: [] } as unknown as DecodedBlock;
  expect(blockFigures({ scoreRanges: false, missing: false }, plan, decoded, [])).toEqual({});
});
