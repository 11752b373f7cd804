import fc from 'fast-check';
import { Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { CodedTexts } from '../../src/domain/coded-texts.js';
import type { FeatureData } from '../../src/domain/columns.js';
import { dimensionsOf } from '../../src/onnx/batches.js';
import { codeTexts } from '../../src/onnx/coded-graph.js';
import { readGraph } from '../../src/onnx/graph.js';
import { prepareCandidate } from '../../src/onnx/inspect.js';
import { openModel } from '../../src/onnx/model.js';
import { openSession } from '../../src/onnx/runtime.js';
import { removeZipMap } from '../../src/onnx/zipmap.js';
import {
  buildModel,
  buildTensor,
  type ModelSpec,
  type NodeSpec,
  type ValueSpec,
} from '../helpers/onnx-builder.js';
import {
  readReference,
  referenceMeta,
  referenceModels,
  referenceRows,
  referenceTensors,
} from '../helpers/onnx-reference.js';

const ADDITION = {
  addedAt: '2026-01-01T00:00:00.000Z',
  addedBy: 'test',
  note: undefined,
  training: undefined,
};
const ML = 'ai.onnx.ml';
const text = (name: string, width = 1): ValueSpec => ({ name, element: 'string', shape: ['N', width] });
const float = (name: string, width = 1): ValueSpec => ({ name, element: 'float32', shape: ['N', width] });

function encoder(input: string, output: string, categories: readonly string[], zeros = 1n): NodeSpec {
  const attributes = { cats_strings: categories, zeros };
  return { operator: 'OneHotEncoder', domain: ML, inputs: [input], outputs: [output], attributes };
}

/** What onnxruntime gives for the graph as it is, texts handed to it as texts. */
async function scoreOriginal(bytes: Uint8Array, inputs: readonly FeatureData[], rows: number) {
  const { manifest, model } = await prepareCandidate(bytes, ADDITION);
  const { signature } = manifest;
  const session = await openSession(model);
  const feeds = signature.inputs.map((input, index) => {
    const data = inputs[index]!;
    const values = data instanceof CodedTexts ? [...data] : data;
    return [input.name, new Tensor(input.type, values, dimensionsOf(input, rows))] as const;
  });
  const results = await session.run(Object.fromEntries(feeds));
  await session.release();
  return signature.outputs.map(({ name }) => [...(results[name]!.data as Iterable<unknown>)]);
}

async function scoreCoded(bytes: Uint8Array, inputs: readonly FeatureData[], rows: number) {
  const { manifest, model } = await prepareCandidate(bytes, ADDITION);
  const opened = await openModel(model, manifest.signature);
  const scores = await opened.score(inputs, rows);
  await opened.close();
  return scores.map((output): unknown[] => [...output]);
}

/** A classifier of two texts, one of them alone in a matrix and read through ArrayFeatureExtractor, and a number. */
function classifier(labels: 'linear' | 'trees'): ModelSpec {
  const classes = ['stays', 'leaves'];
  const choose: NodeSpec =
    labels === 'linear'
      ? {
          operator: 'LinearClassifier',
          domain: ML,
          inputs: ['all'],
          outputs: ['label', 'scores'],
          attributes: {
            classlabels_strings: classes,
            coefficients: [1, -2, 0.5, 3, 0.1, 0.2, -1, 2, -0.5, -3, -0.1, -0.2],
            intercepts: [0.3, -0.3],
            post_transform: 'SOFTMAX',
          },
        }
      : {
          operator: 'TreeEnsembleClassifier',
          domain: ML,
          inputs: ['all'],
          outputs: ['label', 'scores'],
          attributes: {
            classlabels_strings: classes,
            class_ids: [0n, 1n, 0n, 1n],
            class_nodeids: [1n, 1n, 2n, 2n],
            class_treeids: [0n, 0n, 0n, 0n],
            class_weights: [0.25, 0.75, 0.9, 0.1],
            nodes_falsenodeids: [2n, 0n, 0n],
            nodes_featureids: [1n, 0n, 0n],
            nodes_hitrates: [1, 1, 1],
            nodes_missing_value_tracks_true: [0n, 0n, 0n],
            nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
            nodes_nodeids: [0n, 1n, 2n],
            nodes_treeids: [0n, 0n, 0n],
            nodes_truenodeids: [1n, 0n, 0n],
            nodes_values: [0.5, 0, 0],
            post_transform: 'NONE',
          },
        };
  return {
    inputs: [text('city'), text('plan'), float('age')],
    outputs: [
      { name: 'output_label', element: 'string', shape: ['N'] },
      { name: 'scores', element: 'float32', shape: ['N', 2] },
    ],
    initializers: [buildTensor('first', [1], [0n])],
    nodes: [
      encoder('city', 'cities', ['Bern', 'Zürich', '']),
      { operator: 'ArrayFeatureExtractor', domain: ML, inputs: ['plan', 'first'], outputs: ['plan0'] },
      encoder('plan0', 'plans', ['basic', 'plus']),
      { operator: 'Reshape', inputs: ['cities', 'shape3'], outputs: ['cities2'] },
      { operator: 'Reshape', inputs: ['plans', 'shape2'], outputs: ['plans2'] },
      {
        operator: 'Concat',
        inputs: ['cities2', 'plans2', 'age'],
        outputs: ['all'],
        attributes: { axis: 1n },
      },
      choose,
      { operator: 'Identity', inputs: ['label'], outputs: ['output_label'] },
    ],
  };
}

function built(labels: 'linear' | 'trees'): Uint8Array {
  const spec = classifier(labels);
  const shapes = [buildTensor('shape3', [2], [-1n, 3n]), buildTensor('shape2', [2], [-1n, 2n])];
  return buildModel({ ...spec, initializers: [...spec.initializers!, ...shapes] });
}

describe('codeTexts', () => {
  it.each(['linear', 'trees'] as const)(
    '%s: gives the very bits and labels of the graph as it was',
    async (labels) => {
      const model = built(labels);
      const coded = codeTexts(model);
      expect([...coded.inputs.keys()]).toEqual(['city', 'plan']);
      expect([...coded.outputs]).toEqual([['output_label', ['stays', 'leaves']]]);
      const word = fc.constantFrom('Bern', 'Zürich', '', 'Basel', 'basic', 'plus', 'bern', 'Bern ');
      const rows = fc.array(fc.tuple(word, word, fc.float({ noNaN: true })), { minLength: 1, maxLength: 40 });
      await fc.assert(
        fc.asyncProperty(rows, async (table) => {
          // As many rows as a batch is padded to, so that both take the same paths.
          const padded = Array.from(
            { length: Math.ceil(table.length / 16) * 16 },
            (_, row) => table[row] ?? table[0]!,
          );
          const inputs = [
            CodedTexts.from(padded.map(([city]) => city)),
            CodedTexts.from(padded.map(([, plan]) => plan)),
            Float32Array.from(padded, ([, , age]) => age),
          ];
          expect(await scoreCoded(model, inputs, padded.length)).toEqual(
            await scoreOriginal(model, inputs, padded.length),
          );
        }),
        { numRuns: 30 },
      );
    },
  );

  it.each<[string, ModelSpec]>([
    [
      'that the graph gives back',
      {
        inputs: [text('city')],
        outputs: [text('same'), { name: 'out', element: 'float32', shape: ['N', 1, 2] }],
        nodes: [
          { operator: 'Identity', inputs: ['city'], outputs: ['same'] },
          encoder('city', 'out', ['a', 'b']),
        ],
      },
    ],
    [
      'that is joined with another before it is encoded',
      {
        inputs: [text('city'), text('plan')],
        outputs: [{ name: 'out', element: 'float32', shape: ['N', 2, 2] }],
        nodes: [
          { operator: 'Concat', inputs: ['city', 'plan'], outputs: ['both'], attributes: { axis: 1n } },
          encoder('both', 'out', ['a', 'b']),
        ],
      },
    ],
    [
      'whose encoder names a category twice',
      {
        inputs: [text('city')],
        outputs: [{ name: 'out', element: 'float32', shape: ['N', 1, 2] }],
        nodes: [encoder('city', 'out', ['a', 'a'])],
      },
    ],
  ])('leaves a text input as it is %s', (_, spec) => {
    const model = buildModel(spec);
    expect(codeTexts(model).bytes).toBe(model);
  });

  it('fails on an unknown category as the graph does, where its encoder has no zeros', async () => {
    const model = buildModel({
      inputs: [text('city')],
      outputs: [float('out', 2)],
      nodes: [
        encoder('city', 'encoded', ['a', 'b'], 0n),
        { operator: 'Reshape', inputs: ['encoded', 'shape'], outputs: ['out'] },
      ],
      initializers: [buildTensor('shape', [2], [-1n, 2n])],
    });
    expect(codeTexts(model).inputs.size).toBe(1);
    const rows = (...cities: string[]) => [CodedTexts.from(cities)];
    expect(await scoreCoded(model, rows('b', 'a'), 2)).toEqual([[0, 1, 1, 0]]);
    await expect(scoreOriginal(model, rows('b', 'c'), 2)).rejects.toThrow();
    await expect(scoreCoded(model, rows('b', 'c'), 2)).rejects.toMatchObject({ code: 'model.run' });
  });

  it('changes types and categories only', () => {
    const model = built('linear');
    const before = readGraph(model);
    const after = readGraph(codeTexts(model).bytes);
    expect(after.inputs.map(({ elementType }) => elementType)).toEqual([1, 1, 1]);
    expect(after.outputs.map(({ elementType }) => elementType)).toEqual([7, 1]);
    expect(after.inputs.map(({ shape }) => shape)).toEqual(before.inputs.map(({ shape }) => shape));
    expect(after.nodes.map(({ operator, inputs, outputs }) => ({ operator, inputs, outputs }))).toEqual(
      before.nodes.map(({ operator, inputs, outputs }) => ({ operator, inputs, outputs })),
    );
  });
});

const scorable = referenceModels().filter((name) => referenceMeta(name).measured.create_error === undefined);

describe.skipIf(scorable.length === 0)('models exported by skl2onnx', () => {
  it.each(scorable)(
    '%s: the very bits of the graph as it was exported',
    { timeout: 120_000 },
    async (name) => {
      const bytes = removeZipMap(readReference(name, 'model.onnx')).bytes;
      const meta = referenceMeta(name);
      const fixed = meta.inputs[0]!.shape[0];
      const all = referenceRows(name, 'input.csv');
      // Whole batches, so that nothing is padded.
      const count = fixed ?? Math.min(4096, all.length - (all.length % 16));
      const inputs = referenceTensors(meta, all.slice(0, count));
      expect(await scoreCoded(bytes, inputs, count)).toEqual(await scoreOriginal(bytes, inputs, count));
    },
  );
});
