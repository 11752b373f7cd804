import { describe, expect, it } from 'vitest';
import type { ModelOutput } from '../../src/domain/model.js';
import { prepareCandidate } from '../../src/onnx/inspect.js';
import {
  buildClassifier,
  buildModel,
  buildTensor,
  type NodeSpec,
  type ValueSpec,
} from '../helpers/onnx-builder.js';

const addition = {
  addedAt: '2026-01-01T00:00:00.000Z',
  addedBy: 'test',
  note: undefined,
  training: undefined,
};
const x: ValueSpec = { name: 'x', element: 'float32', shape: ['N', 3] };

async function outputsOf(model: Uint8Array): Promise<readonly ModelOutput[]> {
  return (await prepareCandidate(model, addition)).manifest.signature.outputs;
}

/** A model of `nodes` from x to outputs given as name, element and width (0: rank 1). */
function graph(
  nodes: NodeSpec[],
  outputs: [string, ValueSpec['element'], number][],
  initializers: Uint8Array[] = [],
): Uint8Array {
  return buildModel({
    inputs: [x],
    outputs: outputs.map(([name, element, width]) => ({
      name,
      element,
      shape: width === 0 ? ['N'] : ['N', width],
    })),
    nodes,
    initializers,
  });
}

function trees(postTransform: string, weights: readonly number[]): NodeSpec {
  return {
    operator: 'TreeEnsembleClassifier',
    domain: 'ai.onnx.ml',
    inputs: ['x'],
    outputs: ['label', 'probabilities'],
    attributes: {
      classlabels_int64s: [10n, 20n, 30n],
      nodes_treeids: [0n, 0n, 0n],
      nodes_nodeids: [0n, 1n, 2n],
      nodes_featureids: [0n, 0n, 0n],
      nodes_modes: ['BRANCH_LEQ', 'LEAF', 'LEAF'],
      nodes_values: [0.5, 0, 0],
      nodes_truenodeids: [1n, 0n, 0n],
      nodes_falsenodeids: [2n, 0n, 0n],
      class_treeids: [0n, 0n, 0n, 0n, 0n, 0n],
      class_nodeids: [1n, 1n, 1n, 2n, 2n, 2n],
      class_ids: [0n, 1n, 2n, 0n, 1n, 2n],
      class_weights: weights,
      post_transform: postTransform,
    },
  };
}

const forest = [0.1, 0.2, 0.7, 0.5, 0.5, 0];
const labelAndScores: [string, ValueSpec['element'], number][] = [
  ['label', 'int64', 0],
  ['probabilities', 'float32', 3],
];

describe('classes and roles', () => {
  it.each([true, false])('of a linear classifier, ZipMap %s', async (zipMap) => {
    const spec = { classes: ['a', 'b', 'c'], features: 3, postTransform: 'SOFTMAX', zipMap } as const;
    expect(await outputsOf(buildClassifier(spec))).toEqual([
      { name: 'output_label', role: 'label', type: 'text', width: 1, classes: undefined },
      { name: 'probabilities', role: 'probabilities', type: 'float4', width: 3, classes: ['a', 'b', 'c'] },
    ]);
  });

  it.each([true, false])(
    'of raw scores, which are no probabilities whatever their name, ZipMap %s',
    async (zipMap) => {
      const spec = { classes: [3n, 1n], features: 3, postTransform: 'NONE', zipMap } as const;
      expect(await outputsOf(buildClassifier(spec))).toEqual([
        { name: 'output_label', role: 'label', type: 'int8', width: 1, classes: undefined },
        { name: 'probabilities', role: 'value', type: 'float4', width: 2, classes: ['3', '1'] },
      ]);
    },
  );

  it.each([
    { what: 'a random forest', transform: 'NONE', weights: forest, role: 'probabilities' },
    {
      what: 'boosted trees with a link',
      transform: 'SOFTMAX',
      weights: [-2, 1, 4, 1, 1, 1],
      role: 'probabilities',
    },
    { what: 'boosted trees without', transform: 'NONE', weights: [0.4, 0.2, 4, 1, 1, 1], role: 'value' },
    {
      what: 'trees with negative steps',
      transform: 'NONE',
      weights: [-0.1, 0.1, 0.2, 0.1, 0.1, 0],
      role: 'value',
    },
  ])('of $what', async ({ transform, weights, role }) => {
    const outputs = await outputsOf(graph([trees(transform, weights)], labelAndScores));
    expect(outputs.map((output) => output.role)).toEqual(['label', role]);
    expect(outputs[1]!.classes).toEqual(['10', '20', '30']);
  });

  const argMax: NodeSpec[] = [
    { operator: 'Softmax', inputs: ['x'], outputs: ['p'], attributes: { axis: 1n } },
    { operator: 'ArgMax', inputs: ['p'], outputs: ['best'], attributes: { axis: 1n, keepdims: 0n } },
    {
      operator: 'ArrayFeatureExtractor',
      domain: 'ai.onnx.ml',
      inputs: ['classes', 'best'],
      outputs: ['extracted'],
    },
    { operator: 'Reshape', inputs: ['extracted', 'flat'], outputs: ['y'] },
  ];
  const flat = buildTensor('flat', [1], [-1n]);

  it('of a label picked from a constant list by ArgMax of the same scores', async () => {
    const outputs = await outputsOf(
      graph(
        argMax,
        [
          ['y', 'string', 0],
          ['p', 'float32', 3],
        ],
        [buildTensor('classes', [3], ['r', 'g', 'b']), flat],
      ),
    );
    expect(outputs.map((output) => output.role)).toEqual(['label', 'probabilities']);
    expect(outputs[1]!.classes).toEqual(['r', 'g', 'b']);
  });

  it('names no classes on other outputs of that width, nor where their number differs', async () => {
    const other: NodeSpec[] = [...argMax, { operator: 'Identity', inputs: ['x'], outputs: ['features'] }];
    const outputs = await outputsOf(
      graph(
        other,
        [
          ['y', 'int64', 0],
          ['features', 'float32', 3],
        ],
        [buildTensor('classes', [3], [7n, 8n, 9n]), flat],
      ),
    );
    expect(outputs[1]).toEqual({
      name: 'features',
      role: 'value',
      type: 'float4',
      width: 3,
      classes: undefined,
    });
    const four = [buildTensor('classes', [4], [7n, 8n, 9n, 10n]), flat];
    const [, scores] = await outputsOf(
      graph(
        argMax,
        [
          ['y', 'int64', 0],
          ['p', 'float32', 3],
        ],
        four,
      ),
    );
    expect(scores!.classes).toBeUndefined();
  });

  it('of labels that an encoder renames', async () => {
    const encoder: NodeSpec = {
      operator: 'LabelEncoder',
      domain: 'ai.onnx.ml',
      inputs: ['label'],
      outputs: ['name'],
      attributes: { keys_int64s: [30n, 20n, 10n], values_strings: ['thirty', 'twenty', 'ten'] },
    };
    const model = graph(
      [trees('SOFTMAX', forest), encoder],
      [
        ['name', 'string', 0],
        ['probabilities', 'float32', 3],
      ],
    );
    const outputs = await outputsOf(model);
    expect(outputs.map((output) => output.role)).toEqual(['label', 'probabilities']);
    expect(outputs[1]!.classes).toEqual(['ten', 'twenty', 'thirty']);
  });

  it('of one probability column, without classes', async () => {
    const nodes: NodeSpec[] = [
      { operator: 'ReduceSum', inputs: ['x', 'axis'], outputs: ['s'], attributes: { keepdims: 1n } },
      { operator: 'Sigmoid', inputs: ['s'], outputs: ['risk'] },
    ];
    expect(await outputsOf(graph(nodes, [['risk', 'float32', 1]], [buildTensor('axis', [1], [1n])]))).toEqual(
      [{ name: 'risk', role: 'probabilities', type: 'float4', width: 1, classes: undefined }],
    );
  });

  it('trusts a name only where dummy rows do not contradict it', async () => {
    const one = buildTensor('one', [1], [1]);
    const two = buildTensor('two', [1], [2]);
    const add = (constant: string): NodeSpec => ({
      operator: 'Add',
      inputs: ['x', constant],
      outputs: ['probability'],
    });
    const roleOf = async (constant: string, tensor: Uint8Array) =>
      (await outputsOf(graph([add(constant)], [['probability', 'float32', 3]], [tensor])))[0]!.role;
    expect(await roleOf('one', one)).toBe('probabilities');
    expect(await roleOf('two', two)).toBe('value');
  });
});
