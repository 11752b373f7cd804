import type { Tensor } from 'onnxruntime-node';
import type { CodedTexts } from '../domain/coded-texts.js';
import type { FeatureType, OutputData, OutputType } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';

const INPUT_TYPES: ReadonlySet<string> = new Set<FeatureType>([
  'float32',
  'float64',
  'int64',
  'int32',
  'bool',
  'string',
]);

/** Whether source columns can feed a model input of that element type. */
export function isFeatureType(type: string): type is FeatureType {
  return INPUT_TYPES.has(type);
}

const OUTPUT_TYPES: Readonly<Record<string, OutputType>> = {
  float16: 'float4',
  float32: 'float4',
  float64: 'float8',
  int8: 'int4',
  uint8: 'int4',
  int16: 'int4',
  uint16: 'int4',
  int32: 'int4',
  uint32: 'int8',
  int64: 'int8',
  uint64: 'int8',
  bool: 'bool',
  string: 'text',
};

/** The type that values of a tensor element type are published with; undefined where there is none. */
export function outputTypeOf(elementType: string): OutputType | undefined {
  return OUTPUT_TYPES[elementType];
}

/** Values of an output as onnxruntime gives them. */
export type ElementData = Exclude<OutputData, CodedTexts> | readonly string[];

export function isTexts(data: ElementData): data is readonly string[] {
  return Array.isArray(data);
}

/** A tensor's values as `outputTypeOf` its type says; its own array where that is the same. */
export function outputData(tensor: Tensor, name: string): ElementData {
  switch (tensor.type) {
    case 'float32':
    case 'float64':
    case 'int32':
    case 'int64':
    case 'bool':
    case 'string':
      return tensor.data as ElementData;
    case 'float16':
      return fromHalves(tensor.data);
    case 'uint32':
      return BigInt64Array.from(tensor.data as Uint32Array, BigInt);
    case 'uint64':
      return fromUnsigned(tensor.data as BigUint64Array, name);
    default:
      return Int32Array.from(tensor.data as Uint8Array | Int8Array | Uint16Array | Int16Array);
  }
}

const LARGEST = 2n ** 63n - 1n;

function fromUnsigned(values: BigUint64Array, name: string): BigInt64Array {
  return BigInt64Array.from(values, (value) => {
    if (value <= LARGEST) return value;
    throw new PredawnError(
      'data',
      'model.output_range',
      `Output ${name} holds an unsigned integer above 2^63 - 1, which no published type can hold.`,
      { hint: 'Cast the output to float64 or to text in the model.' },
    );
  });
}

/** Half precision: bit patterns, or numbers where JavaScript has a Float16Array. */
function fromHalves(values: Tensor.DataType): Float32Array {
  return values instanceof Uint16Array
    ? Float32Array.from(values, halfToNumber)
    : Float32Array.from(values as Iterable<number>);
}

/** The number that IEEE 754 binary16 `bits` stand for. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
