import { PredawnError } from '../domain/errors.js';
import { integerOf, textOf, wireFields } from './wire.js';

/** Without this key of TensorProto.external_data, onnxruntime has no file to open. */
const LOCATION = 'location';

/**
 * Refuses a model that has onnxruntime read other files, or memory, for the values of its tensors: an artefact is one
 * file, and its digest says nothing of others. Throws kind `artefact`, code `model.external_data`; RangeError where the
 * bytes are no protobuf message.
 */
export function refuseExternalData(model: Uint8Array): void {
  const [first, ...others] = externalTensors(model);
  if (first === undefined) return;
  throw new PredawnError(
    'artefact',
    'model.external_data',
    `The model keeps ${others.length + 1} of its tensors (${first}, …) in files beside it; an artefact is one file.`,
    {
      hint: 'Save it in one file: onnx.save_model(onnx.load("model.onnx"), "whole.onnx", save_as_external_data=False).',
    },
  );
}

/**
 * Names of tensors whose values lie in files beside the model (TensorProto.data_location EXTERNAL), anywhere in the
 * model: initializers, tensor attributes, subgraphs and functions.
 */
function externalTensors(model: Uint8Array): string[] {
  const names: string[] = [];
  // The walk below is too long for every thread that opens a large forest.
  if (!Buffer.from(model.buffer, model.byteOffset, model.byteLength).includes(LOCATION)) return names;
  for (const field of wireFields(model)) {
    if (field.number === 7) inGraph(field.payload, names); // ModelProto.graph
    if (field.number !== 25) continue; // ModelProto.functions
    for (const part of wireFields(field.payload)) {
      if (part.number === 7) inNode(part.payload, names); // FunctionProto.node
      if (part.number === 11) inAttribute(part.payload, names); // FunctionProto.attribute_proto
    }
  }
  return names;
}

function inGraph(graph: Uint8Array, names: string[]): void {
  for (const field of wireFields(graph)) {
    if (field.number === 1) inNode(field.payload, names); // GraphProto.node
    if (field.number === 5) inTensor(field.payload, names); // GraphProto.initializer
    if (field.number === 15) inSparseTensor(field.payload, names); // GraphProto.sparse_initializer
  }
}

function inSparseTensor(tensor: Uint8Array, names: string[]): void {
  for (const { number, payload } of wireFields(tensor)) {
    if (number === 1 || number === 2) inTensor(payload, names); // SparseTensorProto.values, .indices
  }
}

function inNode(node: Uint8Array, names: string[]): void {
  for (const field of wireFields(node)) {
    if (field.number === 5) inAttribute(field.payload, names); // NodeProto.attribute
  }
}

function inAttribute(attribute: Uint8Array, names: string[]): void {
  for (const { number, payload } of wireFields(attribute)) {
    if (number === 5 || number === 10) inTensor(payload, names); // AttributeProto.t, .tensors
    if (number === 6 || number === 11) inGraph(payload, names); // AttributeProto.g, .graphs
    if (number === 22 || number === 23) inSparseTensor(payload, names); // AttributeProto.sparse_tensor, .sparse_tensors
  }
}

function inTensor(tensor: Uint8Array, names: string[]): void {
  let name = '';
  let external = false;
  for (const field of wireFields(tensor)) {
    if (field.number === 8) name = textOf(field); // TensorProto.name
    // TensorProto.data_location, an enum: protobuf drops all but 32 bits of it. 0 is DEFAULT, anything else suspect.
    if (field.number === 14) external ||= BigInt.asIntN(32, integerOf(field)) !== 0n;
  }
  if (external) names.push(name);
}
