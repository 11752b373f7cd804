import { integerOf, textOf, wireFields } from './wire.js';

/**
 * Names of tensors whose values lie in files beside the model (TensorProto.data_location EXTERNAL), anywhere in the
 * model: initializers, tensor attributes, subgraphs and functions.
 */
export function externalTensors(model: Uint8Array): string[] {
  const names: string[] = [];
  for (const field of wireFields(model)) {
    if (field.number === 7) inGraph(field.payload, names); // ModelProto.graph
    if (field.number !== 25) continue; // ModelProto.functions
    for (const part of wireFields(field.payload)) if (part.number === 7) inNode(part.payload, names); // FunctionProto.node
  }
  return names;
}

function inGraph(graph: Uint8Array, names: string[]): void {
  for (const field of wireFields(graph)) {
    if (field.number === 1) inNode(field.payload, names); // GraphProto.node
    if (field.number === 5) inTensor(field.payload, names); // GraphProto.initializer
    if (field.number !== 15) continue; // GraphProto.sparse_initializer
    for (const part of wireFields(field.payload)) inSparseTensorPart(part.number, part.payload, names);
  }
}

function inSparseTensorPart(number: number, payload: Uint8Array, names: string[]): void {
  if (number === 1 || number === 2) inTensor(payload, names); // SparseTensorProto.values, .indices
}

function inNode(node: Uint8Array, names: string[]): void {
  for (const field of wireFields(node)) {
    if (field.number !== 5) continue; // NodeProto.attribute
    for (const part of wireFields(field.payload)) {
      if (part.number === 5 || part.number === 10) inTensor(part.payload, names); // AttributeProto.t, .tensors
      if (part.number === 6 || part.number === 11) inGraph(part.payload, names); // AttributeProto.g, .graphs
    }
  }
}

function inTensor(tensor: Uint8Array, names: string[]): void {
  let name = '';
  let external = false;
  for (const field of wireFields(tensor)) {
    if (field.number === 8) name = textOf(field); // TensorProto.name
    if (field.number === 14) external = integerOf(field) === 1n; // TensorProto.data_location EXTERNAL
  }
  if (external) names.push(name);
}
