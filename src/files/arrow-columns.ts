import {
  Bool,
  type Data,
  DateDay,
  Dictionary,
  Field,
  Float32,
  Float64,
  Int32,
  Int64,
  makeData,
  makeVector,
  RecordBatch,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
  Vector,
} from 'apache-arrow';
import type { FileEncoderSpec } from '../domain/codecs.js';
import type { KeyColumn, OutputValues, ScoredRows } from '../domain/columns.js';
import { bigKeys, dateKeys, intKeys, timestampKeys, uuidTexts } from './key-values.js';
import { gatherNumbers, gatherTexts, packBits } from './output-values.js';

interface Column {
  readonly name: string;
  readonly data: Data;
}

/**
 * Scored rows as one Arrow record batch, made from byte buffers: keys, outputs, artefact, attempt_id, scored_at. No
 * value is null. artefact and attempt_id are dictionaries that are the same in every block.
 */
export function recordBatch(spec: FileEncoderSpec, rows: ScoredRows): RecordBatch {
  const count = rows.rows;
  const columns: Column[] = [
    ...rows.keys.map((key, index) => ({ name: spec.keyNames[index]!, data: keyData(key, count) })),
    ...rows.outputs.map((values) => ({ name: values.column.name, data: outputData(values, count) })),
    { name: 'artefact', data: dictionaryText(spec.artefacts ?? [spec.artefact], rows.scoredBy, count, 0) },
    { name: 'attempt_id', data: dictionaryText([spec.attemptId], undefined, count, 1) },
    { name: 'scored_at', data: constantTime(spec.scoredAt, count) },
  ];
  const fields = columns.map(({ name, data }) => new Field(name, data.type, false));
  const metadata = new Map([
    ['predawn.as_of', spec.asOf],
    ['predawn.artefact', spec.artefact],
    ['predawn.attempt_id', spec.attemptId],
  ]);
  const children = columns.map(({ data }) => data);
  const struct = makeData({ type: new Struct(fields), length: count, nullCount: 0, children });
  return new RecordBatch(new Schema(fields, metadata), struct);
}

function keyData(key: KeyColumn, length: number): Data {
  switch (key.type) {
    case 'text':
      return textData(key, length);
    case 'uuid':
      return textData(uuidTexts(key, length), length);
    case 'int2':
    case 'int4':
      return makeData({ type: new Int32(), length, data: intKeys(key, length) });
    case 'int8':
      return makeData({ type: new Int64(), length, data: bigKeys(key, length) });
    case 'date':
      return makeData({ type: new DateDay(), length, data: dateKeys(key, length) });
    case 'timestamp':
      return makeData({ type: new TimestampMicrosecond(), length, data: timestampKeys(key, length) });
    case 'timestamptz':
      return makeData({ type: new TimestampMicrosecond('UTC'), length, data: timestampKeys(key, length) });
  }
}

function outputData(values: OutputValues, length: number): Data {
  switch (values.column.type) {
    case 'float4':
      return makeData({ type: new Float32(), length, data: gatherNumbers(values, new Float32Array(length)) });
    case 'float8':
      return makeData({ type: new Float64(), length, data: gatherNumbers(values, new Float64Array(length)) });
    case 'int4':
      return makeData({ type: new Int32(), length, data: gatherNumbers(values, new Int32Array(length)) });
    case 'int8':
      return makeData({ type: new Int64(), length, data: gatherNumbers(values, new BigInt64Array(length)) });
    case 'bool':
      return makeData({
        type: new Bool(),
        length,
        data: packBits(gatherNumbers(values, new Uint8Array(length))),
      });
    case 'text': {
      const { codes, texts } = gatherTexts(values, length);
      return textData(expandTexts(codes, texts), length);
    }
  }
}

function textData({ offsets, bytes }: Pick<KeyColumn, 'offsets' | 'bytes'>, length: number): Data<Utf8> {
  return makeData({ type: new Utf8(), length, nullCount: 0, valueOffsets: offsets, data: bytes });
}

function textVector(texts: readonly string[]): Vector<Utf8> {
  const codes = Int32Array.from(texts, (_, index) => index);
  return makeVector(textData(expandTexts(codes, texts), texts.length));
}

/** Every text is encoded once, however many rows have it. */
function expandTexts(codes: Int32Array, texts: readonly string[]): Pick<KeyColumn, 'offsets' | 'bytes'> {
  const encoded = texts.map((text) => Buffer.from(text, 'utf8'));
  const offsets = new Int32Array(codes.length + 1);
  for (let row = 0; row < codes.length; row++)
    offsets[row + 1] = offsets[row]! + encoded[codes[row]!]!.length;
  const bytes = new Uint8Array(offsets[codes.length]!);
  for (let row = 0; row < codes.length; row++) bytes.set(encoded[codes[row]!]!, offsets[row]);
  return { offsets, bytes };
}

/**
 * A column of few texts, the same ones in every block; without codes all rows have the first. `id` is part of the bytes
 * and must not depend on what a thread encoded before.
 */
function dictionaryText(
  texts: readonly string[],
  codes: Int32Array | undefined,
  length: number,
  id: number,
): Data {
  const type = new Dictionary(new Utf8(), new Int32(), id);
  return makeData({ type, length, data: codes ?? new Int32Array(length), dictionary: textVector(texts) });
}

function constantTime(iso: string, length: number): Data {
  const data = new BigInt64Array(length).fill(BigInt(Date.parse(iso)) * 1000n);
  return makeData({ type: new TimestampMicrosecond('UTC'), length, data });
}
