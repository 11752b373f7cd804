import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { attributeIntegers, attributeStrings, ElementType } from './attributes.js';
import { readGraph, readNode, readValue, type GraphNode } from './graph.js';
import { wireFields } from './wire.js';

/** A model without ZipMap nodes in front of its outputs. */
export interface WithoutZipMap {
  /** The bytes given, where there was nothing to remove. */
  readonly bytes: Uint8Array;
  /** For each tensor that became an output: the class names that its ZipMap carried. */
  readonly classes: ReadonlyMap<string, readonly string[]>;
}

/**
 * Removes the ZipMap nodes that give a graph output. skl2onnx ends its classifiers in one by default; its output is
 * a sequence of maps, which onnxruntime-node can't return. The tensor that fed it becomes the output in its place,
 * under its own name. All other bytes of the model stay as they are.
 */
export function removeZipMap(model: Uint8Array): WithoutZipMap {
  const graph = readGraph(model);
  const consumed = new Set(graph.nodes.flatMap((node) => node.inputs));
  const declared = new Set(graph.outputs.map((output) => output.name));
  const removed = new Map<string, GraphNode>();
  for (const node of graph.nodes) {
    const [output] = node.outputs;
    if (output !== undefined && isZipMap(node) && declared.has(output) && !consumed.has(output)) {
      removed.set(output, node);
    }
  }
  const classes = new Map([...removed.values()].map((node) => [node.inputs[0]!, zipMapClasses(node)]));
  if (removed.size === 0) return { bytes: model, classes };

  const writer = new BinaryWriter();
  for (const field of wireFields(model)) {
    if (field.number !== 7) {
      writer.raw(field.raw);
      continue;
    }
    writer.tag(7, WireType.LengthDelimited).bytes(rewriteGraph(field.payload, removed, declared)); // ModelProto.graph
  }
  return { bytes: writer.finish(), classes };
}

function isZipMap(node: GraphNode): boolean {
  return node.operator === 'ZipMap' && node.domain === 'ai.onnx.ml';
}

function zipMapClasses(node: GraphNode): string[] {
  const names = attributeStrings(node, 'classlabels_strings');
  return names.length > 0 ? names : attributeIntegers(node, 'classlabels_int64s').map(String);
}

function rewriteGraph(
  graph: Uint8Array,
  removed: ReadonlyMap<string, GraphNode>,
  declared: ReadonlySet<string>,
): Uint8Array {
  const writer = new BinaryWriter();
  const outputs = new Set(declared);
  for (const field of wireFields(graph)) {
    // GraphProto.node
    if (field.number === 1 && removed.get(readNode(field.payload).outputs[0] ?? '') !== undefined) continue;
    const node = field.number === 12 ? removed.get(readValue(field.payload).name) : undefined; // GraphProto.output
    if (node === undefined) {
      writer.raw(field.raw);
      continue;
    }
    const tensor = node.inputs[0]!;
    if (outputs.has(tensor)) continue;
    outputs.add(tensor);
    writer.tag(12, WireType.LengthDelimited).fork();
    writeTensorInfo(writer, tensor, zipMapClasses(node).length);
    writer.join();
  }
  return writer.finish();
}

/** A ValueInfoProto of float elements and shape [open, width]: what ZipMap takes. */
function writeTensorInfo(writer: BinaryWriter, name: string, width: number): void {
  writer.tag(1, WireType.LengthDelimited).string(name); // ValueInfoProto.name
  writer.tag(2, WireType.LengthDelimited).fork(); // ValueInfoProto.type
  writer.tag(1, WireType.LengthDelimited).fork(); // TypeProto.tensor_type
  writer.tag(1, WireType.Varint).int32(ElementType.float); // TypeProto.Tensor.elem_type
  writer.tag(2, WireType.LengthDelimited).fork(); // TypeProto.Tensor.shape
  writer.tag(1, WireType.LengthDelimited).fork().join(); // TensorShapeProto.dim, open
  writer.tag(1, WireType.LengthDelimited).fork(); // TensorShapeProto.dim
  writer.tag(1, WireType.Varint).int64(width); // TensorShapeProto.Dimension.dim_value
  writer.join().join().join().join();
}
