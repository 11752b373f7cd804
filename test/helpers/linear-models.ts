import { buildModel, type ModelSpec, type NodeSpec } from './onnx-builder.js';

/** Weight of each input by its name; every input is a column of its own, `[N, 1]`. */
type Weights = Readonly<Record<string, number>>;

/**
 * A logistic regression with classes `no` and `yes` and ONNX outputs `label` and `probabilities`:
 * p(yes) = 1 / (1 + exp(-(bias + sum of weight * input))).
 */
export function buildLogistic(weights: Weights, bias = 0): Uint8Array<ArrayBuffer> {
  const coefficients = Object.values(weights);
  return build(weights, {
    outputs: [
      { name: 'label', element: 'string', shape: ['N'] },
      { name: 'probabilities', element: 'float32', shape: ['N', 2] },
    ],
    node: {
      operator: 'LinearClassifier',
      outputs: ['label', 'probabilities'],
      attributes: {
        classlabels_strings: ['no', 'yes'],
        coefficients: [
          ...coefficients.map((weight) => -weight / 2),
          ...coefficients.map((weight) => weight / 2),
        ],
        intercepts: [-bias / 2, bias / 2],
        post_transform: 'SOFTMAX',
        multi_class: 1n,
      },
    },
  });
}

/** A linear regression with ONNX output `variable`. */
export function buildRegression(weights: Weights, bias = 0): Uint8Array<ArrayBuffer> {
  return build(weights, {
    outputs: [{ name: 'variable', element: 'float32', shape: ['N', 1] }],
    node: {
      operator: 'LinearRegressor',
      outputs: ['variable'],
      attributes: { coefficients: Object.values(weights), intercepts: [bias] },
    },
  });
}

function build(
  weights: Weights,
  { outputs, node }: { outputs: ModelSpec['outputs']; node: Omit<NodeSpec, 'inputs' | 'domain'> },
): Uint8Array<ArrayBuffer> {
  const names = Object.keys(weights);
  return buildModel({
    inputs: names.map((name) => ({ name, element: 'float32', shape: ['N', 1] })),
    outputs,
    nodes: [
      { operator: 'Concat', inputs: names, outputs: ['x'], attributes: { axis: 1n } },
      { ...node, domain: 'ai.onnx.ml', inputs: ['x'] },
    ],
  });
}
