import { attributeIntegers, attributeStrings, attributeTensor, tensorTexts } from './attributes.js';
import type { GraphNode } from './graph.js';
import type { Lineage } from './lineage.js';

const CLASSIFIERS = new Set(['LinearClassifier', 'TreeEnsembleClassifier', 'SVMClassifier']);

/** Whether a node gives a label (output 0) and a score for each class (output 1). */
export function isClassifier(node: GraphNode): boolean {
  return node.domain === 'ai.onnx.ml' && CLASSIFIERS.has(node.operator);
}

/** Class names in the order of a label's scores, and the tensor of these scores. */
interface LabelSource {
  readonly classes: readonly string[];
  readonly scores: string;
}

/**
 * The class of each of an output's `width` values, where the graph names them: on the ZipMap that was removed behind
 * it, on the path of a label output that is chosen by the same scores, or on the classifier the scores come from.
 * Undefined where none does, where they contradict each other, or where their number is another than `width`.
 */
export function recoverClasses(
  lineage: Lineage,
  output: string,
  width: number,
  zipMapClasses: ReadonlyMap<string, readonly string[]>,
): readonly string[] | undefined {
  const scores = lineage.byClass(output);
  const candidates = [
    zipMapClasses.get(output),
    fromLabels(lineage, scores),
    fromClassifiers(lineage, scores),
  ];
  const classes = candidates.find((candidate) => candidate !== undefined);
  return classes?.length === width && new Set(classes).size === width ? classes : undefined;
}

function fromLabels(lineage: Lineage, scores: ReadonlySet<string>): readonly string[] | undefined {
  const sources = lineage.graph.outputs
    .map((output) => labelSource(lineage, output.name))
    .filter((source) => source !== undefined)
    .filter((source) => [...lineage.byClass(source.scores)].some((tensor) => scores.has(tensor)));
  return theOnly(sources.map((source) => source.classes));
}

function fromClassifiers(lineage: Lineage, scores: ReadonlySet<string>): readonly string[] | undefined {
  const found = new Set<GraphNode>();
  for (const tensor of scores) {
    const origin = lineage.origin(tensor);
    if (origin !== undefined && origin.output === 1 && isClassifier(origin.node)) found.add(origin.node);
  }
  return theOnly([...found].map(classifierClasses));
}

/** Where a label output takes its classes from; undefined where it is not one, or not by a way known here. */
export function labelSource(lineage: Lineage, output: string): LabelSource | undefined {
  const encoders: GraphNode[] = [];
  const origin = lineage.source(output, (node) => {
    if (node.operator !== 'LabelEncoder') return false;
    encoders.unshift(node);
    return true;
  });
  if (origin === undefined) return undefined;
  const { node } = origin;
  let source: LabelSource | undefined;
  if (isClassifier(node) && origin.output === 0) {
    source = { classes: classifierClasses(node), scores: node.outputs[1] ?? '' };
  } else if (node.operator === 'ArrayFeatureExtractor' || node.operator === 'Gather') {
    // skl2onnx's pattern for all other classifiers: the constant list of classes, indexed by ArgMax of the scores.
    const chosen = lineage.source(node.inputs[1] ?? '');
    const classes = constantTexts(lineage, node.inputs[0] ?? '');
    if (chosen?.node.operator === 'ArgMax' && classes !== undefined) {
      source = { classes, scores: chosen.node.inputs[0] ?? '' };
    }
  }
  if (source === undefined) return undefined;
  return { ...source, classes: encoders.reduce(encodeLabels, source.classes) };
}

function classifierClasses(node: GraphNode): readonly string[] {
  const names = attributeStrings(node, 'classlabels_strings');
  if (names.length > 0) return names;
  const integers = attributeIntegers(node, 'classlabels_ints'); // LinearClassifier, SVMClassifier
  return (integers.length > 0 ? integers : attributeIntegers(node, 'classlabels_int64s')).map(String);
}

function constantTexts(lineage: Lineage, tensor: string): string[] | undefined {
  const initializer = lineage.graph.initializers.get(tensor);
  if (initializer !== undefined) return tensorTexts(initializer);
  const origin = lineage.source(tensor);
  if (origin?.node.operator === 'Constant') {
    const value = attributeTensor(origin.node, 'value');
    return value === undefined ? undefined : tensorTexts(value);
  }
  // An initializer behind Cast or Reshape.
  const before = lineage.origin(tensor)?.node.inputs[0];
  return before === undefined || origin !== undefined ? undefined : constantTexts(lineage, before);
}

/** What a LabelEncoder makes of class names; none where its tables can't be read. */
function encodeLabels(classes: readonly string[], encoder: GraphNode): readonly string[] {
  const [keys, values] = ['keys', 'values'].map((side) => {
    const texts = attributeStrings(encoder, `${side}_strings`);
    return texts.length > 0 ? texts : attributeIntegers(encoder, `${side}_int64s`).map(String);
  });
  const encoded = classes.map((name) => values?.[keys?.indexOf(name) ?? -1]);
  return encoded.every((name) => name !== undefined) ? encoded : [];
}

function theOnly(candidates: readonly (readonly string[])[]): readonly string[] | undefined {
  const [first, ...others] = candidates;
  return others.every((other) => other.join('\0') === first!.join('\0')) ? first : undefined;
}
