import type { KnownCategories } from '../domain/model.js';
import { attributeIntegers, attributeStrings, attributeTensor, tensorTexts } from './attributes.js';
import type { Graph, GraphNode } from './graph.js';

/** One element of a graph input. */
interface Column {
  readonly input: string;
  readonly element: number;
}

/** Where an encoder has what it knows; attributes of the same meaning for texts and for integers. */
const ENCODERS: ReadonlyMap<string, readonly string[]> = new Map([
  ['OneHotEncoder', ['cats_strings', 'cats_int64s']],
  ['LabelEncoder', ['keys_strings', 'keys_int64s', 'keys_tensor', 'classes_strings']],
  ['CategoryMapper', ['cats_strings', 'cats_int64s']],
]);
/** Operators that leave a single column what it is, and those that do so with any number of them. */
const OF_ONE = new Set(['Reshape', 'Flatten', 'Squeeze', 'Unsqueeze']);
const OF_ANY = new Set(['Identity', 'Cast']);

/**
 * The categories that a graph's encoders know of each element of an input that they read, as it is or picked out of a
 * matrix; of several encoders, those that all know. What reaches an encoder in any other way is left out.
 */
export function knownCategories(graph: Graph): readonly KnownCategories[] {
  const columns = new Map<string, readonly Column[]>();
  for (const { name, shape } of graph.inputs) {
    if (graph.initializers.has(name)) continue;
    const width = shape?.[1] ?? 1;
    columns.set(
      name,
      Array.from({ length: width }, (_, element) => ({ input: name, element })),
    );
  }
  const constants = new Map(graph.initializers);
  const known = new Map<string, KnownCategories>();
  for (const node of graph.nodes) {
    if (node.operator === 'Constant') keepConstant(constants, node);
    const from = columns.get(node.inputs[0] ?? '');
    const attributes = ENCODERS.get(node.operator);
    if (attributes !== undefined && from !== undefined) {
      const categories = categoriesOf(node, attributes);
      for (const column of from) if (categories.length > 0) narrow(known, column, categories);
      continue;
    }
    const passed = passOn(node, columns, constants);
    if (passed !== undefined) columns.set(node.outputs[0]!, passed);
  }
  return [...known.values()];
}

function keepConstant(constants: Map<string, Uint8Array>, node: GraphNode): void {
  const tensor = attributeTensor(node, 'value');
  if (tensor !== undefined) constants.set(node.outputs[0]!, tensor);
}

/** The columns that a node hands on as they are; undefined where it makes something else of them. */
function passOn(
  node: GraphNode,
  columns: ReadonlyMap<string, readonly Column[]>,
  constants: ReadonlyMap<string, Uint8Array>,
): readonly Column[] | undefined {
  const { operator, inputs } = node;
  const from = columns.get(inputs[0] ?? '');
  if (operator === 'Concat') {
    const all = inputs.map((input) => columns.get(input));
    return all.every((each) => each !== undefined) ? all.flat() : undefined;
  }
  if (from === undefined) return undefined;
  if (OF_ANY.has(operator) || (OF_ONE.has(operator) && from.length === 1)) return from;
  if (operator !== 'ArrayFeatureExtractor' && operator !== 'Gather') return undefined;
  const places = tensorTexts(constants.get(inputs[1] ?? '') ?? new Uint8Array())?.map(Number);
  const picked = places?.map((place) => from[place]);
  return picked?.every((column) => column !== undefined) === true ? picked : undefined;
}

function categoriesOf(node: GraphNode, attributes: readonly string[]): string[] {
  return attributes.flatMap((name) => {
    if (name.endsWith('_tensor')) return tensorTexts(attributeTensor(node, name) ?? new Uint8Array()) ?? [];
    return name.endsWith('int64s') ? attributeIntegers(node, name).map(String) : attributeStrings(node, name);
  });
}

function narrow(known: Map<string, KnownCategories>, column: Column, categories: readonly string[]): void {
  const key = `${column.input}\0${column.element}`;
  const before = known.get(key)?.categories;
  const both = before?.filter((category) => categories.includes(category)) ?? categories;
  known.set(key, { ...column, categories: both });
}
