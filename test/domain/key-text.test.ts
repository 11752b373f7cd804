import { describe, expect, it } from 'vitest';
import type { KeyColumn, KeyType } from '../../src/domain/columns.js';
import { keyText } from '../../src/domain/key-text.js';

function key(type: KeyType, bytes: Buffer): KeyColumn {
  return { type, offsets: Int32Array.of(0, bytes.length), bytes };
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

describe('keyText', () => {
  it.each<[KeyType, Buffer, string]>([
    ['text', Buffer.from('Zoë, "a"'), 'Zoë, "a"'],
    ['int2', Buffer.from([0xff, 0xfe]), '-2'],
    ['int4', int32(-7), '-7'],
    ['int8', int64(-(2n ** 63n)), '-9223372036854775808'],
    ['uuid', Buffer.from('0199f2a17b3c70008000000000000001', 'hex'), '0199f2a1-7b3c-7000-8000-000000000001'],
    ['date', int32(0), '2000-01-01'],
    ['date', int32(-10_957), '1970-01-01'],
    ['date', int32(0x7fffffff), 'infinity'],
    ['date', int32(-0x80000000), '-infinity'],
    ['timestamp', int64(1_500_000n), '2000-01-01T00:00:01.500000'],
    ['timestamptz', int64(-1n), '1999-12-31T23:59:59.999999Z'],
    ['timestamptz', int64(2n ** 63n - 1n), 'infinity'],
    ['timestamp', int64(9_000_000_000_000_000_000n), '9000946684800 s from 1970.000000'],
  ])('%s', (type, bytes, text) => {
    expect(keyText([key(type, bytes)], 0)).toBe(text);
  });

  it('joins the columns of a key', () => {
    expect(keyText([key('text', Buffer.from('a')), key('int4', int32(3))], 0)).toBe('a, 3');
  });
});
