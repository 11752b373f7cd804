import { CodedTexts } from './coded-texts.js';
import type { FeatureData, FeatureType, OutputData, OutputType } from './columns.js';
import { describeError } from './errors.js';
import type { ModelSignature } from './model.js';
import { damaged } from './registry-errors.js';

/**
 * Rows whose scores are known: as the model's own tensors, so that a run checks them without reading a CSV, binding
 * columns or knowing what means missing.
 */
export interface GoldenRows {
  readonly rows: number;
  /** What a row is called, for messages: its key, else empty. Length `rows`. */
  readonly keys: readonly string[];
  /** In the order of `signature.inputs`, row-major. */
  readonly inputs: readonly FeatureData[];
  /** In the order of `signature.outputs`, row-major. */
  readonly expected: readonly OutputData[];
}

/** Golden rows as `golden.json`: every bit of every number comes back from it. */
export function goldenBytes(golden: GoldenRows, signature: ModelSignature): Uint8Array {
  const { rows, keys } = golden;
  const inputs = signature.inputs.map(({ name }, index) => [name, toJson(golden.inputs[index]!)] as const);
  const expected = signature.outputs.map(
    ({ name }, index) => [name, toJson(golden.expected[index]!)] as const,
  );
  const json = { rows, keys, inputs: Object.fromEntries(inputs), expected: Object.fromEntries(expected) };
  return new TextEncoder().encode(`${JSON.stringify(json)}\n`);
}

/**
 * Reads `golden.json`; `where` is its place, for messages.
 *
 * @throws PredawnError kind `artefact`, code `registry.damaged`, where it does not fit the signature
 */
export function readGolden(bytes: Uint8Array, signature: ModelSignature, where: string): GoldenRows {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const json = JSON.parse(text) as Partial<Record<'rows' | 'keys' | 'inputs' | 'expected', unknown>>;
    const { rows, keys } = json;
    if (!Number.isSafeInteger(rows) || Number(rows) < 1) throw new Error('rows is no number of rows');
    if (!isTexts(keys) || keys.length !== rows) throw new Error('keys does not name every row');
    const column = (from: unknown, name: string, length: number): readonly unknown[] => {
      const values = (from as Record<string, unknown> | undefined)?.[name];
      if (Array.isArray(values) && values.length === length) return values;
      throw new Error(`${name} has not ${length} values`);
    };
    return {
      rows: keys.length,
      keys,
      inputs: signature.inputs.map(({ name, type, shape }) =>
        fromJson(INPUT_AS[type], column(json.inputs, name, keys.length * (shape[1] ?? 1))),
      ),
      expected: signature.outputs.map(({ name, type, width }) =>
        fromJson(type, column(json.expected, name, keys.length * width)),
      ),
    };
  } catch (thrown) {
    throw damaged(where, describeError(thrown), thrown);
  }
}

/** Types of inputs and outputs are named differently; their arrays are the same. */
const INPUT_AS: Readonly<Record<FeatureType, OutputType>> = {
  float32: 'float4',
  float64: 'float8',
  int32: 'int4',
  int64: 'int8',
  bool: 'bool',
  string: 'text',
};

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

/** What JSON has no number for, or another number, is written as text. */
function toJson(data: FeatureData | OutputData): unknown[] {
  return Array.from(data as Iterable<unknown>, (value) => {
    if (typeof value === 'bigint') return String(value);
    if (typeof value !== 'number') return value;
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : Object.is(value, -0)
        ? '-0'
        : String(value);
  });
}

function fromJson(type: OutputType, values: readonly unknown[]): OutputData {
  switch (type) {
    case 'float4':
      return Float32Array.from(values, toNumber);
    case 'float8':
      return Float64Array.from(values, toNumber);
    case 'int4':
      return Int32Array.from(values, toNumber);
    case 'bool':
      return Uint8Array.from(values, toNumber);
    case 'int8':
      return BigInt64Array.from(values, (value) => BigInt(value as string));
    case 'text':
      if (isTexts(values)) return CodedTexts.from(values);
      throw new Error('a text is none');
  }
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string' && ['NaN', 'Infinity', '-Infinity', '-0'].includes(value))
    return Number(value);
  throw new Error('a number is none');
}
