import { MANY } from '../../kernel/assembly/powers';
import { LENGTH_BYTES, lengthAt } from './fields';
import { numberAt, Numeric } from './number-at';

/*
 * One column's integers into `out`. The rows that need another look go into `odd`, ascending; their number is returned.
 * `field` is the address of where the column's field is in the first row, `stride` the bytes from row to row, `fill` the
 * address of what stands for NULL: 0 if nothing does, and NULLs are odd. `kind` is an index into the kinds of
 * `../kernel.ts`.
 */

export function int32s(
  kind: i32,
  bytes: usize,
  field: usize,
  stride: usize,
  rows: i32,
  fill: usize,
  out: usize,
  odd: usize,
): i32 {
  switch (kind) {
    case 0:
      return int32sOf<bool>(bytes, field, stride, rows, fill, out, odd);
    case 1:
      return int32sOf<i16>(bytes, field, stride, rows, fill, out, odd);
    case 2:
      return int32sOf<i32>(bytes, field, stride, rows, fill, out, odd);
    case 3:
      return int32sOf<i64>(bytes, field, stride, rows, fill, out, odd);
    case 4:
      return int32sOf<f32>(bytes, field, stride, rows, fill, out, odd);
    case 5:
      return int32sOf<f64>(bytes, field, stride, rows, fill, out, odd);
    default:
      return int32sOf<Numeric>(bytes, field, stride, rows, fill, out, odd);
  }
}

function int32sOf<T>(
  bytes: usize,
  field: usize,
  stride: usize,
  rows: i32,
  fill: usize,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++, field += stride, out += 4) {
    const at = bytes + <usize>load<i32>(field);
    if (fill != 0 && lengthAt(at) < 0) {
      store<u32>(out, load<u32>(fill));
      continue;
    }
    const value = numberAt<T>(at);
    if (value >= -2147483648 && value <= 2147483647 && floor(value) == value) store<i32>(out, <i32>value);
    else store<i32>(odd + (<usize>(count++) << 2), row);
  }
  return count;
}

export function int64s(
  kind: i32,
  bytes: usize,
  field: usize,
  stride: usize,
  rows: i32,
  fill: usize,
  out: usize,
  odd: usize,
): i32 {
  switch (kind) {
    case 0:
      return int64sOf<bool>(bytes, field, stride, rows, fill, out, odd);
    case 1:
      return int64sOf<i16>(bytes, field, stride, rows, fill, out, odd);
    case 2:
      return int64sOf<i32>(bytes, field, stride, rows, fill, out, odd);
    case 3:
      return int64sOf<i64>(bytes, field, stride, rows, fill, out, odd);
    case 4:
      return int64sOf<f32>(bytes, field, stride, rows, fill, out, odd);
    case 5:
      return int64sOf<f64>(bytes, field, stride, rows, fill, out, odd);
    default:
      return int64sOf<Numeric>(bytes, field, stride, rows, fill, out, odd);
  }
}

function int64sOf<T>(
  bytes: usize,
  field: usize,
  stride: usize,
  rows: i32,
  fill: usize,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++, field += stride, out += 8) {
    const at = bytes + <usize>load<i32>(field);
    const length = lengthAt(at);
    if (fill != 0 && length < 0) {
      store<u64>(out, load<u64>(fill));
      continue;
    }
    if (isInteger<T>() && sizeof<T>() == 8) {
      if (length == 8) store<u64>(out, bswap<u64>(load<u64>(at + LENGTH_BYTES)));
      else store<i32>(odd + (<usize>(count++) << 2), row);
    } else {
      const value = numberAt<T>(at);
      if (abs(value) < MANY && floor(value) == value) store<i64>(out, <i64>value);
      else store<i32>(odd + (<usize>(count++) << 2), row);
    }
  }
  return count;
}

/** Booleans, as the byte that each is. */
export function bools(
  bytes: usize,
  field: usize,
  stride: usize,
  rows: i32,
  fill: usize,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++, field += stride, out++) {
    const at = bytes + <usize>load<i32>(field);
    const length = lengthAt(at);
    if (length == 1) store<u8>(out, load<u8>(at + LENGTH_BYTES));
    else if (fill != 0 && length < 0) store<u8>(out, load<u8>(fill));
    else store<i32>(odd + (<usize>(count++) << 2), row);
  }
  return count;
}
