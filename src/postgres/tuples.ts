import type { Kernel } from './kernel.js';

/** Where the fields of a block's tuples are; from a kernel, valid until it finds those of another block. */
export interface Tuples {
  readonly view: DataView;
  readonly bytes: Buffer;
  readonly rows: number;
  readonly columns: number;
  /**
   * Field c of row r has its 4-byte length at `fields[r * columns + c]` and its value right after; the length is -1
   * for NULL.
   */
  readonly fields: Int32Array;
  /** Where the block lies in a kernel's memory: what can read its columns fast. */
  readonly kernel: Kernel | undefined;
}

/** Bytes of the field count that a tuple starts with, and of the length that a field starts with. */
export const COUNT_BYTES = 2;
export const LENGTH_BYTES = 4;

/**
 * Finds the fields of whole tuples of `COPY … (FORMAT binary)`. Throws RangeError for bytes that are none: the source
 * cuts blocks at the ends of tuples.
 */
export function findFields(
  block: Uint8Array<ArrayBuffer>,
  columns: number,
  kernel: Kernel | undefined,
): Tuples {
  const found = kernel?.findFields(block, columns);
  if (found !== undefined) {
    const { buffer, byteOffset, length } = found.bytes;
    return { ...found, view: new DataView(buffer, byteOffset, length), columns, kernel };
  }
  const bytes = Buffer.from(block.buffer, block.byteOffset, block.byteLength);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let fields = new Int32Array(columns * 1024);
  let rows = 0;
  let field = 0;
  let at = 0;
  while (at < bytes.length) {
    if (view.getInt16(at) !== columns)
      throw new RangeError(`A tuple of ${view.getInt16(at)} fields, not ${columns}`);
    if (field === fields.length) fields = doubled(fields);
    at += COUNT_BYTES;
    for (let column = 0; column < columns; column++) {
      fields[field++] = at;
      const length = view.getInt32(at);
      at += length > 0 ? LENGTH_BYTES + length : LENGTH_BYTES;
    }
    rows++;
  }
  if (at !== bytes.length) throw new RangeError('A block ends inside a tuple');
  return { view, bytes, rows, columns, fields, kernel: undefined };
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
