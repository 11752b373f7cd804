/** Bytes of the field count that a tuple starts with, and of the length that a field starts with. */
const COUNT_BYTES: usize = 2;
export const LENGTH_BYTES: usize = 4;

/** A block or a column that is left to the loop in TypeScript. */
export const NOT_PLAIN: i32 = -1;

/** The big-endian length of a field; negative for NULL. */
// @ts-ignore: decorator
@inline
export function lengthAt(at: usize): i32 {
  return <i32>bswap<u32>(load<u32>(at));
}

/**
 * Finds the fields of a block as `findFields` of `../tuples.ts` does: for each of `columns` fields of each tuple where
 * its length is. Returns the number of tuples, or NOT_PLAIN where the block is not whole tuples of so many fields.
 */
export function findFields(bytes: usize, length: usize, columns: i32, fields: usize): i32 {
  const end = bytes + length;
  let at = bytes;
  let to = fields;
  let rows = 0;
  while (at < end) {
    if (<i32>(<i16>bswap<u16>(load<u16>(at))) != columns) return NOT_PLAIN;
    at += COUNT_BYTES;
    for (let column = 0; column < columns; column++) {
      if (at + LENGTH_BYTES > end) return NOT_PLAIN;
      store<i32>(to, <i32>(at - bytes));
      to += 4;
      const size = lengthAt(at);
      at += LENGTH_BYTES;
      if (size <= 0) continue;
      if (<usize>size > end - at) return NOT_PLAIN;
      at += <usize>size;
    }
    rows++;
  }
  return at == end ? rows : NOT_PLAIN;
}

/** The rows whose field is NULL into `found`, ascending; returns their number. `field` and `stride` as in `floats.ts`. */
export function nulls(bytes: usize, field: usize, stride: usize, rows: i32, found: usize): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    if (lengthAt(bytes + <usize>load<i32>(field)) < 0) store<i32>(found + (<usize>(count++) << 2), row);
    field += stride;
  }
  return count;
}
