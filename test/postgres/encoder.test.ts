import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodedTexts } from '../../src/domain/coded-texts.js';
import type { KeyColumn, OutputType, OutputValues } from '../../src/domain/columns.js';
import { makePostgresEncoder } from '../../src/postgres/encoder.js';
import { outputColumn } from '../contracts/scored-rows.js';

const VALUES: Record<OutputType, fc.Arbitrary<number | bigint | string>> = {
  float4: fc.float(),
  float8: fc.double(),
  int4: fc.integer(),
  int8: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  bool: fc.constantFrom(0, 1),
  text: fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')),
};

const READERS: Record<OutputType, (field: Buffer) => number | bigint | string> = {
  float4: (field) => field.readFloatBE(),
  float8: (field) => field.readDoubleBE(),
  int4: (field) => field.readInt32BE(),
  int8: (field) => field.readBigInt64BE(),
  bool: (field) => field.readUInt8(),
  text: (field) => field.toString('utf8'),
};

const types = Object.keys(VALUES) as OutputType[];

describe('the encoder for binary COPY', () => {
  test('writes every row of every type so that it reads back', async () => {
    const encoder = await makePostgresEncoder({ kind: 'postgres' });
    const rows = fc.array(
      fc.record({
        keys: fc.tuple(fc.uint8Array(), fc.uint8Array({ maxLength: 20 })),
        values: fc.tuple(...types.map((type) => VALUES[type])),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(rows, fc.shuffledSubarray(types), fc.nat(2), (written, columns, padding) => {
        const stride = 1 + padding;
        const bytes = encoder.encode({
          rows: written.length,
          keys: [0, 1].map((index) => keyColumn(written.map(({ keys }) => keys[index]!))),
          outputs: columns.map((type): OutputValues => {
            const values = written.map((row) => row.values[types.indexOf(type)]!);
            return {
              column: outputColumn(type, type),
              data: store(
                type,
                values.flatMap((value) => Array.from({ length: stride }, () => value)),
              ),
              offset: padding,
              stride,
            };
          }),
        });
        expect(bytes.byteLength).toBe(bytes.buffer.byteLength);
        const read = tuples(Buffer.from(bytes.buffer));
        expect(read.map((fields) => fields.slice(0, 2))).toEqual(
          written.map(({ keys }) => keys.map((key) => Buffer.from(key))),
        );
        expect(
          read.map((fields) => fields.slice(2).map((field, index) => READERS[columns[index]!](field))),
        ).toEqual(written.map(({ values }) => columns.map((type) => values[types.indexOf(type)])));
      }),
    );
  });

  test('refuses a text that PostgreSQL cannot hold', async () => {
    const encoder = await makePostgresEncoder({ kind: 'postgres' });
    const encode = () =>
      encoder.encode({
        rows: 1,
        keys: [],
        outputs: [
          { column: outputColumn('label', 'text'), data: CodedTexts.from(['a\0b']), offset: 0, stride: 1 },
        ],
      });
    expect(encode).toThrow(/NUL byte for label/);
  });
});

function keyColumn(keys: readonly Uint8Array[]): KeyColumn {
  const offsets = new Int32Array(keys.length + 1);
  keys.forEach((key, row) => (offsets[row + 1] = offsets[row]! + key.length));
  return { type: 'text', offsets, bytes: new Uint8Array(Buffer.concat(keys)) };
}

function store(type: OutputType, values: readonly (number | bigint | string)[]): OutputValues['data'] {
  switch (type) {
    case 'float4':
      return Float32Array.from(values as number[]);
    case 'float8':
      return Float64Array.from(values as number[]);
    case 'int4':
      return Int32Array.from(values as number[]);
    case 'int8':
      return BigInt64Array.from(values as bigint[]);
    case 'bool':
      return Uint8Array.from(values as number[]);
    case 'text':
      return CodedTexts.from(values as string[]);
  }
}

/** The fields of each tuple, as PostgreSQL's manual describes the format. */
function tuples(bytes: Buffer): Buffer[][] {
  const read: Buffer[][] = [];
  for (let at = 0; at < bytes.length;) {
    const fields: Buffer[] = [];
    const count = bytes.readInt16BE(at);
    at += 2;
    for (let field = 0; field < count; field++) {
      const length = bytes.readInt32BE(at);
      at += 4;
      fields.push(bytes.subarray(at, at + length));
      at += length;
    }
    read.push(fields);
  }
  return read;
}
