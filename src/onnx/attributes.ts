import type { GraphNode } from './graph.js';
import { floatsOf, integerOf, integersOf, textOf, wireFields } from './wire.js';

/** Element types of `TensorProto.DataType` that matter here. */
export const ElementType = { float: 1, int32: 6, int64: 7, string: 8 } as const;

/** Text of a string attribute, such as `post_transform`; undefined where the node does not set it. */
export function attributeText(node: GraphNode, name: string): string | undefined {
  for (const field of attributeFields(node, name)) if (field.number === 4) return textOf(field); // AttributeProto.s
  return undefined;
}

export function attributeStrings(node: GraphNode, name: string): string[] {
  const values: string[] = [];
  for (const field of attributeFields(node, name)) if (field.number === 9) values.push(textOf(field)); // .strings
  return values;
}

export function attributeIntegers(node: GraphNode, name: string): bigint[] {
  const values: bigint[] = [];
  for (const field of attributeFields(node, name)) {
    if (field.number === 8) for (const value of integersOf(field)) values.push(value); // AttributeProto.ints
  }
  return values;
}

export function attributeFloats(node: GraphNode, name: string): number[] {
  const values: number[] = [];
  for (const field of attributeFields(node, name)) {
    if (field.number === 7) for (const value of floatsOf(field)) values.push(value); // AttributeProto.floats
  }
  return values;
}

/** The TensorProto of a tensor attribute, such as `value` of Constant. */
export function attributeTensor(node: GraphNode, name: string): Uint8Array | undefined {
  for (const field of attributeFields(node, name)) if (field.number === 5) return field.payload; // AttributeProto.t
  return undefined;
}

function attributeFields(node: GraphNode, name: string) {
  return wireFields(node.attributes.get(name) ?? new Uint8Array());
}

/** Values of an integer or string TensorProto as text; undefined for other element types. */
export function tensorTexts(tensor: Uint8Array): string[] | undefined {
  let elementType = 0;
  let raw: Uint8Array | undefined;
  const texts: string[] = [];
  const integers: bigint[] = [];
  for (const field of wireFields(tensor)) {
    if (field.number === 2) elementType = Number(integerOf(field)); // TensorProto.data_type
    if (field.number === 6) texts.push(textOf(field)); // TensorProto.string_data
    if (field.number === 5 || field.number === 7) integers.push(...integersOf(field)); // .int32_data, .int64_data
    if (field.number === 9) raw = field.payload; // TensorProto.raw_data
  }
  if (elementType === ElementType.string) return texts;
  if (elementType !== ElementType.int32 && elementType !== ElementType.int64) return undefined;
  if (raw === undefined) return integers.map(String);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const size = elementType === ElementType.int64 ? 8 : 4;
  return Array.from({ length: raw.byteLength / size }, (_, index) =>
    size === 8 ? String(view.getBigInt64(index * 8, true)) : String(view.getInt32(index * 4, true)),
  );
}
