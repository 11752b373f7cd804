import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** One field of a protobuf message as it lies in its bytes. */
export interface WireField {
  readonly number: number;
  readonly type: WireType;
  /** The payload: without tag and, for length-delimited fields, without length. */
  readonly payload: Uint8Array;
  /** Tag and payload, to copy the field as it is. */
  readonly raw: Uint8Array;
}

/** The fields of a message in the order of its bytes; throws RangeError where they are no protobuf message. */
export function* wireFields(message: Uint8Array): Generator<WireField, void, undefined> {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const start = reader.pos;
    const [number, type] = reader.tag();
    const payload = type === WireType.LengthDelimited ? reader.bytes() : reader.skip(type, number);
    yield { number, type, payload, raw: message.subarray(start, reader.pos) };
  }
}

/**
 * Whether a message has a field of one of these numbers. Makes nothing for the fields it passes over, of which the
 * attributes of a large forest have millions. Throws RangeError where the bytes are no protobuf message.
 */
export function hasField(message: Uint8Array, numbers: readonly number[]): boolean {
  const reader = new BinaryReader(message);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (numbers.includes(number)) return true;
    if (type === WireType.Varint) while (message[reader.pos++]! >= 0x80);
    else if (type === WireType.Bit32) reader.pos += 4;
    else reader.skip(type, number);
  }
  if (reader.pos > reader.len) throw new RangeError('premature EOF');
  return false;
}

const utf8 = new TextDecoder();

/** The payload as text; bytes that are not UTF-8 become U+FFFD. */
export function textOf(field: WireField): string {
  return utf8.decode(field.payload);
}

/** A single varint as a signed 64-bit integer. */
export function integerOf(field: WireField): bigint {
  return BigInt(new BinaryReader(field.payload).int64());
}

/** Repeated integers: one, or many when packed. */
export function integersOf(field: WireField): bigint[] {
  const reader = new BinaryReader(field.payload);
  const values: bigint[] = [];
  while (reader.pos < reader.len) values.push(BigInt(reader.int64()));
  return values;
}

/** Repeated float32: one, or many when packed. */
export function floatsOf(field: WireField): number[] {
  const reader = new BinaryReader(field.payload);
  const values: number[] = [];
  while (reader.pos < reader.len) values.push(reader.float());
  return values;
}
