import type { BlockEncoder, FileEncoderSpec } from '../domain/codecs.js';
import type { CodedTexts } from '../domain/coded-texts.js';
import type { KeyColumn, OutputValues } from '../domain/columns.js';
import { ByteBuffer } from './byte-buffer.js';
import { csvField, csvFieldBytes } from './csv-text.js';
import {
  bigKeys,
  dateKeys,
  dateText,
  intKeys,
  timestampKeys,
  timestampText,
  uuidTexts,
} from './key-values.js';
import { gatherTexts } from './output-values.js';

type WriteField = (into: ByteBuffer, row: number) => void;

/** Every block is its records, without a header line: RFC 4180 with line feeds, UTF-8. */
export function makeCsvEncoder(spec: FileEncoderSpec): BlockEncoder {
  const tails = (spec.artefacts ?? [spec.artefact]).map((artefact) => {
    const constants = [artefact, spec.attemptId, new Date(spec.scoredAt).toISOString()].map(csvField);
    return Buffer.from(`,${constants.join(',')}\n`, 'utf8');
  });
  const tail = tails[0]!;
  return {
    encode({ rows, keys, outputs, scoredBy }) {
      const fields = [
        ...keys.map((key) => keyField(key, rows)),
        ...outputs.map((values) => outputField(values, rows)),
      ];
      const buffer = new ByteBuffer(rows * (tail.length + fields.length * 12));
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < fields.length; i++) {
          if (i > 0) buffer.byte(0x2c);
          fields[i]!(buffer, row);
        }
        buffer.bytes(scoredBy === undefined ? tail : tails[scoredBy[row]!]!);
      }
      return buffer.take();
    },
  };
}

function keyField(key: KeyColumn, rows: number): WriteField {
  switch (key.type) {
    case 'text':
      return (into, row) => csvFieldBytes(into, key.bytes, key.offsets[row]!, key.offsets[row + 1]!);
    case 'uuid': {
      const { bytes, offsets } = uuidTexts(key, rows);
      return (into, row) => into.bytes(bytes.subarray(offsets[row], offsets[row + 1]));
    }
    case 'int2':
    case 'int4': {
      const values = intKeys(key, rows);
      return (into, row) => into.ascii(String(values[row]));
    }
    case 'int8': {
      const values = bigKeys(key, rows);
      return (into, row) => into.ascii(String(values[row]));
    }
    case 'date': {
      const values = dateKeys(key, rows);
      return (into, row) => into.ascii(dateText(values[row]!));
    }
    case 'timestamp':
    case 'timestamptz': {
      const values = timestampKeys(key, rows);
      const instant = key.type === 'timestamptz';
      return (into, row) => into.ascii(timestampText(values[row]!, instant));
    }
  }
}

function outputField(values: OutputValues, rows: number): WriteField {
  const { column, offset, stride } = values;
  if (column.type === 'text') {
    const { codes, texts } = gatherTexts(values, rows);
    const encoded = texts.map((text) => Buffer.from(csvField(text), 'utf8'));
    return (into, row) => into.bytes(encoded[codes[row]!]!);
  }
  const data = values.data as Exclude<typeof values.data, CodedTexts>;
  if (column.type === 'float4')
    return (into, row) => into.ascii(float32Text(data[row * stride + offset] as number));
  if (column.type === 'bool')
    return (into, row) => into.ascii(data[row * stride + offset] ? 'true' : 'false');
  return (into, row) => into.ascii(numberText(data[row * stride + offset]!));
}

/** The shortest decimal that reads back as the same float32. Six digits are enough for any that needs no more. */
export function float32Text(value: number): string {
  // toPrecision() loses the sign of zero.
  if (value === 0) return numberText(value);
  const subnormal = Math.abs(value) < 1.1754943508222875e-38;
  for (let digits = subnormal ? 1 : 6; digits < 9; digits++) {
    const shorter = Number(value.toPrecision(digits));
    if (Math.fround(shorter) === value) return numberText(shorter);
  }
  return numberText(Number(value.toPrecision(9)));
}

function numberText(value: number | bigint): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
