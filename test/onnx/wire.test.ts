import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hasField, wireFields } from '../../src/onnx/wire.js';

/** Field number and a writer of a value of some wire type. */
const field = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.float()),
  fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.uint8Array({ maxLength: 300 })),
  fc.tuple(fc.integer({ min: 1, max: 3000 }), fc.constant('eight bytes' as const)),
);

type Field = typeof field extends fc.Arbitrary<infer Each> ? Each : never;

describe('hasField', () => {
  test('finds what the fields have, whatever lies between', () => {
    fc.assert(
      fc.property(fc.array(field), fc.integer({ min: 1, max: 3000 }), (fields, other) => {
        const message = write(fields);
        const numbers = [...wireFields(message)].map(({ number }) => number);
        expect(numbers).toEqual(fields.map(([number]) => number));
        for (const number of [...numbers, other])
          expect(hasField(message, [number, 3001])).toBe(numbers.includes(number));
      }),
    );
  });

  test('refuses what is cut off within a field', () => {
    fc.assert(
      fc.property(field, fc.nat(), (one, at) => {
        const whole = write([one]);
        const cut = whole.subarray(0, 1 + (at % (whole.length - 1)));
        expect(() => hasField(cut, [3001])).toThrow();
      }),
    );
  });
});

function write(fields: readonly Field[]): Uint8Array {
  const writer = new BinaryWriter();
  for (const [number, value] of fields) {
    if (typeof value === 'bigint') writer.tag(number, WireType.Varint).uint64(value);
    else if (typeof value === 'number') writer.tag(number, WireType.Bit32).float(value);
    else if (typeof value === 'string') writer.tag(number, WireType.Bit64).double(1);
    else writer.tag(number, WireType.LengthDelimited).bytes(value);
  }
  return writer.finish();
}
