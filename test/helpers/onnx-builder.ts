import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * Builds small ONNX models byte by byte, so that tests need neither Python nor model files. Field numbers are those
 * of onnx.proto.
 */

/** `TensorProto.DataType` by onnxruntime's names. */
export const ELEMENT = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;

export type Element = keyof typeof ELEMENT;

/** A dimension: fixed, or open with a name. */
export type Dimension = number | string;

export interface ValueSpec {
  readonly name: string;
  readonly element: Element;
  readonly shape: readonly Dimension[];
  /** A sequence of such tensors. */
  readonly sequence?: boolean;
  /** A sequence of maps from such keys to float, as ZipMap gives. */
  readonly mapKeys?: 'string' | 'int64';
}

export type AttributeValue =
  number | bigint | string | readonly number[] | readonly bigint[] | readonly string[] | Uint8Array;

export interface NodeSpec {
  readonly operator: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** numbers are floats, bigints integers, a Uint8Array is a TensorProto. */
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

export interface ModelSpec {
  readonly inputs: readonly ValueSpec[];
  readonly outputs: readonly ValueSpec[];
  readonly nodes: readonly NodeSpec[];
  /** TensorProto messages. */
  readonly initializers?: readonly Uint8Array[];
}

/** Bytes of a ModelProto. */
export function buildModel(spec: ModelSpec): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(8); // ir_version
  text(writer, 2, 'onnx-builder'); // producer_name
  text(writer, 3, '1.0'); // producer_version
  message(writer, 7, () => {
    for (const node of spec.nodes) message(writer, 1, () => writeNode(writer, node));
    text(writer, 2, 'graph');
    for (const tensor of spec.initializers ?? []) writer.tag(5, WireType.LengthDelimited).bytes(tensor);
    for (const value of spec.inputs) message(writer, 11, () => writeValue(writer, value));
    for (const value of spec.outputs) message(writer, 12, () => writeValue(writer, value));
  });
  for (const [domain, version] of [
    ['', 17],
    ['ai.onnx.ml', 3],
  ] as const) {
    message(writer, 8, () => {
      text(writer, 1, domain);
      writer.tag(2, WireType.Varint).int64(version);
    });
  }
  return writer.finish();
}

/** One node from one input to one output of the same name and element type as given. */
export function buildSingle(
  operator: string,
  input: ValueSpec,
  output: ValueSpec,
  attributes: NodeSpec['attributes'] = {},
): Uint8Array<ArrayBuffer> {
  const node = { operator, inputs: [input.name], outputs: [output.name], attributes };
  return buildModel({ inputs: [input], outputs: [output], nodes: [node] });
}

/** Bytes of a TensorProto with float, int64 or string values. */
export function buildTensor(
  name: string,
  dims: readonly number[],
  values: readonly number[] | readonly bigint[] | readonly string[],
): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  for (const size of dims) writer.tag(1, WireType.Varint).int64(size);
  const [first] = values;
  const element = typeof first === 'string' ? 'string' : typeof first === 'bigint' ? 'int64' : 'float32';
  writer.tag(2, WireType.Varint).int32(ELEMENT[element]);
  for (const value of values) {
    if (typeof value === 'string') text(writer, 6, value);
    else if (typeof value === 'bigint') writer.tag(7, WireType.Varint).int64(value);
    else writer.tag(4, WireType.Bit32).float(value);
  }
  text(writer, 8, name);
  return writer.finish();
}

/** Bytes of a float16 TensorProto with these bit patterns. */
export function buildHalfTensor(name: string, bits: Uint16Array): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).int64(bits.length);
  writer.tag(2, WireType.Varint).int32(ELEMENT.float16);
  text(writer, 8, name);
  const littleEndian = new Uint8Array(bits.length * 2);
  for (const [index, pattern] of bits.entries())
    new DataView(littleEndian.buffer).setUint16(index * 2, pattern, true);
  writer.tag(9, WireType.LengthDelimited).bytes(littleEndian); // raw_data
  return writer.finish();
}

/** Bytes of a TensorProto whose values lie in another file. */
export function buildExternalTensor(name: string, dims: readonly number[]): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  for (const size of dims) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(ELEMENT.float32);
  text(writer, 8, name);
  message(writer, 13, () => {
    text(writer, 1, 'location');
    text(writer, 2, 'weights.bin');
  });
  writer.tag(14, WireType.Varint).int32(1); // data_location EXTERNAL
  return writer.finish();
}

export interface ClassifierSpec {
  readonly classes: readonly string[] | readonly bigint[];
  readonly features: number;
  readonly postTransform: 'NONE' | 'LOGISTIC' | 'SOFTMAX';
  readonly zipMap: boolean;
}

/** A multinomial LinearClassifier as skl2onnx exports one: Normalizer behind it and, by default, ZipMap at the end. */
export function buildClassifier(spec: ClassifierSpec): Uint8Array<ArrayBuffer> {
  const { classes, features, postTransform, zipMap } = spec;
  const strings = typeof classes[0] === 'string';
  const coefficients = classes.flatMap((_, k) =>
    Array.from({ length: features }, (_none, f) => ((k + 1) * (f + 2)) / 7 - k),
  );
  const nodes: NodeSpec[] = [
    {
      operator: 'LinearClassifier',
      domain: 'ai.onnx.ml',
      inputs: ['x'],
      outputs: ['label', 'scores'],
      attributes: {
        [strings ? 'classlabels_strings' : 'classlabels_ints']: classes,
        coefficients,
        intercepts: classes.map((_, k) => k / 3),
        post_transform: postTransform,
        multi_class: 1n,
      },
    },
    { operator: 'Identity', inputs: ['label'], outputs: ['output_label'] },
    {
      operator: postTransform === 'NONE' ? 'Identity' : 'Normalizer',
      domain: postTransform === 'NONE' ? '' : 'ai.onnx.ml',
      inputs: ['scores'],
      outputs: ['probabilities'],
      attributes: postTransform === 'NONE' ? {} : { norm: 'L1' },
    },
  ];
  if (zipMap) {
    nodes.push({
      operator: 'ZipMap',
      domain: 'ai.onnx.ml',
      inputs: ['probabilities'],
      outputs: ['output_probability'],
      attributes: { [strings ? 'classlabels_strings' : 'classlabels_int64s']: classes },
    });
  }
  const label: ValueSpec = { name: 'output_label', element: strings ? 'string' : 'int64', shape: ['N'] };
  const scores: ValueSpec = zipMap
    ? { name: 'output_probability', element: 'float32', shape: [], mapKeys: strings ? 'string' : 'int64' }
    : { name: 'probabilities', element: 'float32', shape: ['N', classes.length] };
  return buildModel({
    inputs: [{ name: 'x', element: 'float32', shape: ['N', features] }],
    outputs: [label, scores],
    nodes,
  });
}

function writeNode(writer: BinaryWriter, node: NodeSpec): void {
  for (const input of node.inputs) text(writer, 1, input);
  for (const output of node.outputs) text(writer, 2, output);
  text(writer, 4, node.operator);
  for (const [name, value] of Object.entries(node.attributes ?? {})) {
    message(writer, 5, () => writeAttribute(writer, name, value));
  }
  if (node.domain !== undefined && node.domain !== '') text(writer, 7, node.domain);
}

/** Fields and `AttributeProto.AttributeType` of onnx.proto. */
function writeAttribute(writer: BinaryWriter, name: string, value: AttributeValue): void {
  text(writer, 1, name);
  let type: number;
  if (typeof value === 'number') {
    writer.tag(2, WireType.Bit32).float(value);
    type = 1;
  } else if (typeof value === 'bigint') {
    writer.tag(3, WireType.Varint).int64(value);
    type = 2;
  } else if (typeof value === 'string') {
    text(writer, 4, value);
    type = 3;
  } else if (value instanceof Uint8Array) {
    writer.tag(5, WireType.LengthDelimited).bytes(value);
    type = 4;
  } else {
    type = { number: 6, bigint: 7, string: 8 }[typeof value[0] as 'number' | 'bigint' | 'string'];
    for (const element of value) {
      if (typeof element === 'number') writer.tag(7, WireType.Bit32).float(element);
      else if (typeof element === 'bigint') writer.tag(8, WireType.Varint).int64(element);
      else text(writer, 9, element);
    }
  }
  writer.tag(20, WireType.Varint).int32(type);
}

function writeValue(writer: BinaryWriter, value: ValueSpec): void {
  text(writer, 1, value.name);
  const tensor = () =>
    message(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(ELEMENT[value.element]);
      message(writer, 2, () => {
        for (const dimension of value.shape) {
          message(writer, 1, () => {
            if (typeof dimension === 'number') writer.tag(1, WireType.Varint).int64(dimension);
            else text(writer, 2, dimension);
          });
        }
      });
    });
  message(writer, 2, () => {
    if (value.mapKeys !== undefined) {
      const keys = ELEMENT[value.mapKeys];
      message(writer, 4, () =>
        message(writer, 1, () =>
          message(writer, 5, () => {
            writer.tag(1, WireType.Varint).int32(keys);
            message(writer, 2, () =>
              message(writer, 1, () => writer.tag(1, WireType.Varint).int32(ELEMENT.float32)),
            );
          }),
        ),
      );
    } else if (value.sequence === true) message(writer, 4, () => message(writer, 1, tensor));
    else tensor();
  });
}

function message(writer: BinaryWriter, field: number, write: () => unknown): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write();
  writer.join();
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value);
}
