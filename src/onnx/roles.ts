import type { OutputType } from '../domain/columns.js';
import type { OutputRole } from '../domain/model.js';
import { attributeFloats, attributeIntegers, attributeText } from './attributes.js';
import { isClassifier, labelSource } from './classes.js';
import type { GraphNode } from './graph.js';
import type { Lineage } from './lineage.js';

/** An output as it was measured. */
export interface MeasuredOutput {
  readonly name: string;
  readonly type: OutputType;
  readonly width: number;
}

const LABEL_NAME = /^(output_)?(predicted_)?(class_)?label\d*$/i;
const PROBABILITY_NAME = /probabilit(y|ies)|(^|_)proba(s|_|\d|$)/i;

/**
 * What each output is. A `probabilities` output is gated to [0, 1] later, so it is called that only where the graph
 * says so: by the operator that gives it, or by its name where no operator contradicts.
 */
export function outputRoles(lineage: Lineage, outputs: readonly MeasuredOutput[]): OutputRole[] {
  const probable = outputs.map((output) => isProbability(lineage, output));
  const beside = outputs.some((output, index) => probable[index] === true && output.width > 1);
  return outputs.map((output, index) => {
    if (probable[index] === true) return 'probabilities';
    return isLabel(lineage, output, beside) ? 'label' : 'value';
  });
}

function isLabel(lineage: Lineage, output: MeasuredOutput, besideProbabilities: boolean): boolean {
  if (output.width !== 1 || output.type.startsWith('float')) return false;
  if (labelSource(lineage, output.name) !== undefined || LABEL_NAME.test(output.name)) return true;
  return besideProbabilities && (output.type === 'int8' || output.type === 'text');
}

function isProbability(lineage: Lineage, output: MeasuredOutput): boolean {
  if (!output.type.startsWith('float')) return false;
  return givesProbabilities(lineage, output.name) ?? PROBABILITY_NAME.test(output.name);
}

/** Whether the operator behind a tensor can only give values in [0, 1]; undefined where it does not tell. */
function givesProbabilities(lineage: Lineage, tensor: string): boolean | undefined {
  const origin = lineage.source(tensor, (node) => node.operator === 'Normalizer');
  if (origin === undefined) return undefined;
  const { node } = origin;
  if (node.operator === 'Softmax' || node.operator === 'Sigmoid') return true;
  if (!isClassifier(node) || origin.output !== 1) return undefined;
  const transform = attributeText(node, 'post_transform') ?? 'NONE';
  if (['LOGISTIC', 'SOFTMAX', 'SOFTMAX_ZERO'].includes(transform)) return true;
  if (node.operator === 'SVMClassifier') return attributeFloats(node, 'prob_a').length > 0;
  if (node.operator === 'TreeEnsembleClassifier' && transform === 'NONE') return leavesAreProbabilities(node);
  return false;
}

/**
 * Random forests store each leaf's class shares divided by the number of trees: none is negative, and the largest of
 * every tree add up to 1 at most. Boosted trees without a link function store steps of any size.
 */
function leavesAreProbabilities(node: GraphNode): boolean | undefined {
  const weights = attributeFloats(node, 'class_weights');
  if (weights.length === 0) return undefined;
  if (attributeFloats(node, 'base_values').some((value) => value !== 0)) return false;
  const largest = new Map<bigint, number>();
  const trees = attributeIntegers(node, 'class_treeids');
  for (const [index, weight] of weights.entries()) {
    if (weight < 0) return false;
    const tree = trees[index] ?? 0n;
    largest.set(tree, Math.max(largest.get(tree) ?? 0, weight));
  }
  return [...largest.values()].reduce((sum, weight) => sum + weight, 0) <= 1.001;
}
