import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { attributeStrings, ElementType } from './attributes.js';
import { type Graph, type GraphNode, readGraph, readNode, readValue } from './graph.js';
import { hasField, wireFields } from './wire.js';

/** A model that takes and gives category numbers where the original takes and gives texts. */
export interface CodedGraph {
  /** The bytes given, where nothing could be coded. */
  readonly bytes: Uint8Array;
  /** For each coded input, now of float32: the number that stands for each text; -1 for all others. */
  readonly inputs: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** For each coded output, now of int64: the texts that its numbers stand for. */
  readonly outputs: ReadonlyMap<string, readonly string[]>;
}

/** The float32 numbers up to here are all integers: far more than there are categories. */
const MOST_CATEGORIES = 2 ** 24;
/** Operators that hand elements on as they are, from their first input. */
const HAND_ON = new Set(['Identity', 'Reshape', 'ArrayFeatureExtractor']);

/**
 * Rewrites a graph for scoring only: one string for each row and category, made and handed to onnxruntime and back,
 * would cost several times what a linear model does. The scores are the very same bits.
 *
 * - A text input that only OneHotEncoder reads becomes a number; the encoder's categories become numbers with it. A text
 *   that is no category becomes -1, which is none either.
 * - A label that a classifier chooses from `classlabels_strings` becomes that label's position.
 *
 * What is read in any other way stays text. Graphs with subgraphs stay as they are: those may read tensors by name.
 */
export function codeTexts(model: Uint8Array): CodedGraph {
  const graph = readGraph(model);
  const nothing = { bytes: model, inputs: new Map(), outputs: new Map() };
  if (graph.nodes.some(hasSubgraph)) return nothing;
  const readers = new Readers(graph);
  const rewritten = new Map<GraphNode, Rewriting>();
  const types = new Map<string, number>();
  const inputs = new Map<string, ReadonlyMap<string, number>>();
  const outputs = new Map<string, readonly string[]>();

  for (const { name, elementType } of graph.inputs) {
    if (elementType !== ElementType.string || graph.initializers.has(name)) continue;
    const path = encodersOf(readers, name);
    if (path === undefined) continue;
    const numbers = numberCategories(path.encoders);
    inputs.set(name, numbers);
    for (const tensor of path.tensors) types.set(tensor, ElementType.float);
    for (const encoder of path.encoders) {
      rewritten.set(encoder, {
        attribute: 'cats_strings',
        becomes: 'cats_int64s',
        integers: categoriesOf(encoder).map((category) => numbers.get(category)!),
      });
    }
  }

  for (const node of graph.nodes) {
    const integers = LABEL_ATTRIBUTES.get(node.operator);
    const classes = attributeStrings(node, 'classlabels_strings');
    const label = node.outputs[0] ?? '';
    const tensors = integers === undefined || classes.length === 0 ? [] : labelPath(readers, label);
    const published = tensors.filter((tensor) => readers.isOutput(tensor));
    if (published.length === 0 || new Set(classes).size < classes.length) continue;
    for (const tensor of published) outputs.set(tensor, classes);
    for (const tensor of tensors) types.set(tensor, ElementType.int64);
    rewritten.set(node, {
      attribute: 'classlabels_strings',
      becomes: integers!,
      integers: classes.map((_, index) => index),
    });
  }

  return rewritten.size === 0
    ? nothing
    : { bytes: rewriteModel(model, graph, rewritten, types), inputs, outputs };
}

/** Which attribute has integer labels in place of `classlabels_strings`. */
const LABEL_ATTRIBUTES: ReadonlyMap<string, string> = new Map([
  ['LinearClassifier', 'classlabels_ints'],
  ['TreeEnsembleClassifier', 'classlabels_int64s'],
]);

/** An attribute of strings that becomes one of integers. */
interface Rewriting {
  readonly attribute: string;
  readonly becomes: string;
  readonly integers: readonly number[];
}

/** Which nodes read each tensor. */
class Readers {
  readonly #nodes = new Map<string, GraphNode[]>();
  readonly #outputs: ReadonlySet<string>;

  constructor(graph: Graph) {
    for (const node of graph.nodes) {
      for (const input of node.inputs) this.#nodes.set(input, [...this.of(input), node]);
    }
    this.#outputs = new Set(graph.outputs.map(({ name }) => name));
  }

  of(tensor: string): readonly GraphNode[] {
    return this.#nodes.get(tensor) ?? [];
  }

  isOutput(tensor: string): boolean {
    return this.#outputs.has(tensor);
  }
}

/** The encoders that a text input ends in, and all tensors on the way; undefined where anything else reads it. */
function encodersOf(
  readers: Readers,
  input: string,
): { readonly encoders: readonly GraphNode[]; readonly tensors: ReadonlySet<string> } | undefined {
  const encoders: GraphNode[] = [];
  // Sets, also while they grow: a graph may run in circles until onnxruntime refuses it.
  const tensors = new Set([input]);
  for (const tensor of tensors) {
    if (readers.isOutput(tensor)) return undefined;
    for (const node of readers.of(tensor)) {
      if (node.inputs.lastIndexOf(tensor) !== 0) return undefined;
      if (node.operator === 'OneHotEncoder' && isEncoder(node)) encoders.push(node);
      else if (HAND_ON.has(node.operator) && node.outputs.length === 1) tensors.add(node.outputs[0]!);
      else return undefined;
    }
  }
  return encoders.length === 0 ? undefined : { encoders, tensors };
}

function isEncoder(node: GraphNode): boolean {
  const categories = categoriesOf(node);
  return (
    categories.length > 0 &&
    categories.length < MOST_CATEGORIES &&
    new Set(categories).size === categories.length
  );
}

function categoriesOf(node: GraphNode): string[] {
  return attributeStrings(node, 'cats_strings');
}

function numberCategories(encoders: readonly GraphNode[]): Map<string, number> {
  const numbers = new Map<string, number>();
  for (const category of encoders.flatMap(categoriesOf)) {
    if (!numbers.has(category)) numbers.set(category, numbers.size);
  }
  return numbers;
}

/** A label and what Identity makes of it; none where anything else reads it. */
function labelPath(readers: Readers, label: string): string[] {
  const tensors = new Set([label]);
  for (const tensor of tensors) {
    for (const node of readers.of(tensor)) {
      if (node.operator !== 'Identity') return [];
      tensors.add(node.outputs[0]!);
    }
  }
  return [...tensors];
}

function hasSubgraph(node: GraphNode): boolean {
  // AttributeProto.g, .graphs
  return [...node.attributes.values()].some((attribute) => hasField(attribute, [6, 11]));
}

function rewriteModel(
  model: Uint8Array,
  graph: Graph,
  rewritten: ReadonlyMap<GraphNode, Rewriting>,
  types: ReadonlyMap<string, number>,
): Uint8Array {
  const writer = new BinaryWriter();
  let position = 0;
  for (const field of wireFields(model)) {
    if (field.number !== 7) {
      writer.raw(field.raw);
      continue;
    }
    writer.tag(7, WireType.LengthDelimited).fork(); // ModelProto.graph
    for (const part of wireFields(field.payload)) {
      const rewriting = part.number === 1 ? rewritten.get(graph.nodes[position++]!) : undefined; // GraphProto.node
      const isValue = part.number === 11 || part.number === 12 || part.number === 13; // .input, .output, .value_info
      const type = isValue ? types.get(readValue(part.payload).name) : undefined;
      if (rewriting !== undefined) writeNode(writer, part.payload, rewriting);
      else if (type !== undefined) writeValue(writer, part.number, part.payload, type);
      else writer.raw(part.raw);
    }
    writer.join();
  }
  return writer.finish();
}

function writeNode(
  writer: BinaryWriter,
  node: Uint8Array,
  { attribute, becomes, integers }: Rewriting,
): void {
  const message = readNode(node).attributes.get(attribute);
  writer.tag(1, WireType.LengthDelimited).fork(); // GraphProto.node
  for (const field of wireFields(node)) {
    if (field.number === 5 && field.payload.byteOffset === message?.byteOffset) continue; // NodeProto.attribute
    writer.raw(field.raw);
  }
  writer.tag(5, WireType.LengthDelimited).fork(); // NodeProto.attribute
  writer.tag(1, WireType.LengthDelimited).string(becomes); // AttributeProto.name
  for (const integer of integers) writer.tag(8, WireType.Varint).int64(integer); // .ints
  writer.tag(20, WireType.Varint).int32(ATTRIBUTE_OF_INTEGERS); // .type
  writer.join().join();
}

/** AttributeProto.AttributeType.INTS */
const ATTRIBUTE_OF_INTEGERS = 7;

/** A ValueInfoProto of a tensor with another element type. */
function writeValue(writer: BinaryWriter, number: number, value: Uint8Array, elementType: number): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  for (const field of wireFields(value)) {
    if (field.number !== 2) {
      writer.raw(field.raw);
      continue;
    }
    writer.tag(2, WireType.LengthDelimited).fork(); // ValueInfoProto.type
    for (const variant of wireFields(field.payload)) {
      writer.tag(variant.number, WireType.LengthDelimited).fork(); // TypeProto.tensor_type
      for (const part of wireFields(variant.payload)) {
        if (part.number === 1)
          writer.tag(1, WireType.Varint).int32(elementType); // TypeProto.Tensor.elem_type
        else writer.raw(part.raw);
      }
      writer.join();
    }
    writer.join();
  }
  writer.join();
}
