import { expect, it } from 'vitest';
import { readGraph } from '../../src/onnx/graph.js';
import { knownCategories } from '../../src/onnx/known-categories.js';
import { buildModel, buildTensor, type NodeSpec, type ValueSpec } from '../helpers/onnx-builder.js';

const ML = 'ai.onnx.ml';
const input = (name: string, element: 'string' | 'int64', width: number): ValueSpec => ({
  ...{ name, element, shape: ['N', width] },
});
const encode = (from: string, attributes: NodeSpec['attributes'], operator = 'OneHotEncoder'): NodeSpec => ({
  ...{ operator, domain: ML, inputs: [from], outputs: [`${from} ${operator}`], attributes: attributes! },
});

function find(inputs: readonly ValueSpec[], nodes: readonly NodeSpec[], places: readonly bigint[] = [1n]) {
  const initializers = [buildTensor('place', [places.length], places)];
  const model = buildModel({
    inputs,
    nodes,
    initializers,
    outputs: [{ name: 'y', element: 'float32', shape: ['N', 1] }],
  });
  return knownCategories(readGraph(model)).map(
    ({ input: name, element, categories }) => `${name}[${element}]: ${categories.join(' ')}`,
  );
}

it('finds what encoders of texts and of integers know', () => {
  const nodes = [
    encode('a', { cats_strings: ['x', 'y'] }),
    encode('b', { cats_int64s: [0n, 7n] }),
    encode('c', { keys_strings: ['x'], values_int64s: [1n] }, 'LabelEncoder'),
  ];
  expect(find([input('a', 'string', 1), input('b', 'int64', 1), input('c', 'string', 1)], nodes)).toEqual([
    'a[0]: x y',
    'b[0]: 0 7',
    'c[0]: x',
  ]);
});

it('follows single columns through what leaves them as they are, and picks them out of matrices', () => {
  const nodes: NodeSpec[] = [
    { operator: 'Concat', inputs: ['a', 'm'], outputs: ['all'], attributes: { axis: 1n } },
    { operator: 'ArrayFeatureExtractor', domain: ML, inputs: ['all', 'place'], outputs: ['one'] },
    { operator: 'Identity', inputs: ['one'], outputs: ['same'] },
    encode('same', { cats_strings: ['x', 'y'] }),
  ];
  const inputs = [input('a', 'string', 1), input('m', 'string', 2)];
  expect(find(inputs, nodes, [2n])).toEqual(['m[1]: x y']);
  expect(find(inputs, nodes, [0n])).toEqual(['a[0]: x y']);
  expect(find(inputs, nodes, [9n])).toEqual([]);
});

it('knows of several encoders what all of them know, and nothing of a text that was changed before', () => {
  const twice = [
    encode('a', { cats_strings: ['x', 'y'] }),
    encode('a', { keys_strings: ['y', 'z'] }, 'LabelEncoder'),
  ];
  expect(find([input('a', 'string', 1)], twice)).toEqual(['a[0]: y']);
  const normalised: NodeSpec[] = [
    { operator: 'StringNormalizer', inputs: ['a'], outputs: ['b'] },
    encode('b', { cats_strings: ['x'] }),
  ];
  expect(find([input('a', 'string', 1)], normalised)).toEqual([]);
});
