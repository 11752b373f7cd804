import { integerOf, textOf, wireFields } from './wire.js';

/**
 * ONNX messages read at wire level: only what predawn needs, nothing generated. Field numbers are those of
 * onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), named beside each use.
 */

export interface GraphNode {
  readonly operator: string;
  /** Empty for the standard operators, `ai.onnx.ml` for the classical machine learning ones. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** AttributeProto messages by name, read on demand by `attribute…`: those of tree ensembles are long. */
  readonly attributes: ReadonlyMap<string, Uint8Array>;
}

/** A graph input or output as declared. */
export interface GraphValue {
  readonly name: string;
  readonly kind: 'tensor' | 'sequence' | 'map' | 'other';
  /** `TensorProto.DataType`, for tensors. */
  readonly elementType: number | undefined;
  /** Undefined where the rank is not declared; null for an open dimension. */
  readonly shape: readonly (number | null)[] | undefined;
}

export interface Graph {
  readonly producer: string;
  /** Opset version by domain; the standard domain is `ai.onnx`. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly nodes: readonly GraphNode[];
  readonly inputs: readonly GraphValue[];
  readonly outputs: readonly GraphValue[];
  /** TensorProto messages by name. */
  readonly initializers: ReadonlyMap<string, Uint8Array>;
}

/** Reads a ModelProto; throws RangeError (from the wire reader) where the bytes are no protobuf message. */
export function readGraph(model: Uint8Array): Graph {
  let producer = '';
  let producerVersion = '';
  const opsets: Record<string, number> = {};
  const nodes: GraphNode[] = [];
  const inputs: GraphValue[] = [];
  const outputs: GraphValue[] = [];
  const initializers = new Map<string, Uint8Array>();
  for (const field of wireFields(model)) {
    if (field.number === 2) producer = textOf(field); // ModelProto.producer_name
    if (field.number === 3) producerVersion = textOf(field); // ModelProto.producer_version
    if (field.number === 8) Object.assign(opsets, readOpset(field.payload)); // ModelProto.opset_import
    if (field.number !== 7) continue; // ModelProto.graph
    for (const part of wireFields(field.payload)) {
      if (part.number === 1) nodes.push(readNode(part.payload)); // GraphProto.node
      if (part.number === 5) initializers.set(nameOf(part.payload, 8), part.payload); // .initializer; TensorProto.name
      if (part.number === 11) inputs.push(readValue(part.payload)); // GraphProto.input
      if (part.number === 12) outputs.push(readValue(part.payload)); // GraphProto.output
    }
  }
  return { producer: `${producer} ${producerVersion}`.trim(), opsets, nodes, inputs, outputs, initializers };
}

function readOpset(message: Uint8Array): Record<string, number> {
  let domain = '';
  let version = 0;
  for (const field of wireFields(message)) {
    if (field.number === 1) domain = textOf(field); // OperatorSetIdProto.domain
    if (field.number === 2) version = Number(integerOf(field)); // OperatorSetIdProto.version
  }
  return { [domain === '' ? 'ai.onnx' : domain]: version };
}

/** Reads a NodeProto. */
export function readNode(message: Uint8Array): GraphNode {
  let operator = '';
  let domain = '';
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Uint8Array>();
  for (const field of wireFields(message)) {
    if (field.number === 1) inputs.push(textOf(field)); // NodeProto.input
    if (field.number === 2) outputs.push(textOf(field)); // NodeProto.output
    if (field.number === 4) operator = textOf(field); // NodeProto.op_type
    if (field.number === 5) attributes.set(nameOf(field.payload, 1), field.payload); // .attribute; AttributeProto.name
    if (field.number === 7) domain = textOf(field); // NodeProto.domain
  }
  return { operator, domain, inputs, outputs, attributes };
}

function nameOf(message: Uint8Array, fieldNumber: number): string {
  for (const field of wireFields(message)) if (field.number === fieldNumber) return textOf(field);
  return '';
}

const VALUE_KINDS: Readonly<Record<number, GraphValue['kind']>> = { 1: 'tensor', 4: 'sequence', 5: 'map' };

/** Reads a ValueInfoProto. */
export function readValue(message: Uint8Array): GraphValue {
  let name = '';
  let kind: GraphValue['kind'] = 'other';
  let elementType: number | undefined;
  let shape: (number | null)[] | undefined;
  for (const field of wireFields(message)) {
    if (field.number === 1) name = textOf(field); // ValueInfoProto.name
    if (field.number !== 2) continue; // ValueInfoProto.type
    for (const variant of wireFields(field.payload)) {
      kind = VALUE_KINDS[variant.number] ?? kind; // TypeProto.tensor_type, .sequence_type, .map_type
      if (variant.number !== 1) continue;
      for (const part of wireFields(variant.payload)) {
        if (part.number === 1) elementType = Number(integerOf(part)); // TypeProto.Tensor.elem_type
        if (part.number === 2) shape = readShape(part.payload); // TypeProto.Tensor.shape
      }
    }
  }
  return { name, kind, elementType, shape };
}

function readShape(message: Uint8Array): (number | null)[] {
  const dimensions: (number | null)[] = [];
  for (const field of wireFields(message)) {
    if (field.number !== 1) continue; // TensorShapeProto.dim
    let size: number | null = null;
    for (const part of wireFields(field.payload)) if (part.number === 1) size = Number(integerOf(part)); // .dim_value
    dimensions.push(size);
  }
  return dimensions;
}
