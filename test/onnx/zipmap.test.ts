import { describe, expect, it } from 'vitest';
import { readGraph } from '../../src/onnx/graph.js';
import { wireFields } from '../../src/onnx/wire.js';
import { removeZipMap } from '../../src/onnx/zipmap.js';
import { buildClassifier, buildModel } from '../helpers/onnx-builder.js';

const iris = { features: 4, postTransform: 'SOFTMAX' } as const;

function rawFields(message: Uint8Array): string[] {
  return [...wireFields(message)].map(({ raw }) => Buffer.from(raw).toString('hex'));
}

function graphOf(model: Uint8Array): Uint8Array {
  return [...wireFields(model)].find((field) => field.number === 7)!.payload;
}

describe('removeZipMap', () => {
  it.each([
    { classes: ['No', 'Yes', 'perhaps, "né"'], names: ['No', 'Yes', 'perhaps, "né"'] },
    { classes: [1n, 0n, -5n], names: ['1', '0', '-5'] },
  ])('makes the tensor behind it the output, and keeps its classes: $names', ({ classes, names }) => {
    const result = removeZipMap(buildClassifier({ ...iris, classes, zipMap: true }));
    const graph = readGraph(result.bytes);
    expect(graph.outputs.map((output) => output.name)).toEqual(['output_label', 'probabilities']);
    expect(graph.outputs[1]).toEqual({
      name: 'probabilities',
      kind: 'tensor',
      elementType: 1,
      shape: [null, 3],
    });
    expect(graph.nodes.map((node) => node.operator)).not.toContain('ZipMap');
    expect(result.classes.get('probabilities')).toEqual(names);
  });

  it('leaves every other byte as it is', () => {
    const model = buildClassifier({ ...iris, classes: ['a', 'b'], zipMap: true });
    const { bytes } = removeZipMap(model);
    const isGraph = (_: string, index: number) => [...wireFields(model)][index]!.number !== 7;
    expect(rawFields(bytes).filter(isGraph)).toEqual(rawFields(model).filter(isGraph));
    const before = rawFields(graphOf(model));
    const after = rawFields(graphOf(bytes));
    // One node gone, one output in the place of another.
    expect(after).toHaveLength(before.length - 1);
    expect(after.filter((field) => !before.includes(field))).toHaveLength(1);
    expect(before.filter((field) => !after.includes(field))).toHaveLength(2);
    expect(after.filter((field) => before.includes(field))).toEqual(
      before.filter((field) => after.includes(field)),
    );
  });

  it('gives the very bytes of a model without ZipMap', () => {
    const model = buildClassifier({ ...iris, classes: ['a', 'b'], zipMap: false });
    expect(removeZipMap(model)).toEqual({ bytes: model, classes: new Map() });
    expect(removeZipMap(model).bytes).toBe(model);
  });

  it('does not name an output twice where the tensor is one already', () => {
    const zipMap = {
      operator: 'ZipMap',
      domain: 'ai.onnx.ml',
      inputs: ['p'],
      outputs: ['maps'],
      attributes: { classlabels_strings: ['a', 'b'] },
    };
    const model = buildModel({
      inputs: [{ name: 'x', element: 'float32', shape: ['N', 2] }],
      outputs: [
        { name: 'maps', element: 'float32', shape: [], mapKeys: 'string' },
        { name: 'p', element: 'float32', shape: ['N', 2] },
      ],
      nodes: [{ operator: 'Identity', inputs: ['x'], outputs: ['p'] }, zipMap],
    });
    const result = removeZipMap(model);
    expect(readGraph(result.bytes).outputs.map((output) => output.name)).toEqual(['p']);
    expect(result.classes.get('p')).toEqual(['a', 'b']);
  });

  it('throws RangeError for bytes that are cut short', () => {
    const model = buildClassifier({ ...iris, classes: ['a', 'b'], zipMap: true });
    expect(() => removeZipMap(model.subarray(0, model.length - 20))).toThrow(RangeError);
  });
});

describe('readGraph', () => {
  it('reads opsets, producer, inputs with shapes and nodes', () => {
    const graph = readGraph(buildClassifier({ ...iris, classes: ['a', 'b'], zipMap: true }));
    expect(graph.opsets).toEqual({ 'ai.onnx': 17, 'ai.onnx.ml': 3 });
    expect(graph.producer).toBe('onnx-builder 1.0');
    expect(graph.inputs).toEqual([{ name: 'x', kind: 'tensor', elementType: 1, shape: [null, 4] }]);
    expect(graph.outputs.map((output) => output.kind)).toEqual(['tensor', 'sequence']);
    expect(graph.nodes.map((node) => node.operator)).toEqual([
      'LinearClassifier',
      'Identity',
      'Normalizer',
      'ZipMap',
    ]);
    expect([...graph.nodes[0]!.attributes.keys()]).toContain('classlabels_strings');
  });
});
