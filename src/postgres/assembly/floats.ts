import { MANY } from '../../kernel/assembly/powers';
import { lengthAt } from './fields';
import { numberAt, Numeric } from './number-at';

/*
 * One column's numbers into `out`. The rows that need another look go into `odd`, ascending; their number is returned.
 * `field` is the address of where the column's field is in the first row, `stride` the bytes from row to row, `fill` the
 * address of what stands for NULL: 0 if nothing does, and NULLs are odd. `kind` is an index into the kinds of
 * `../kernel.ts`.
 */

export function float32s(
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
      return float32sOf<bool>(bytes, field, stride, rows, fill, out, odd);
    case 1:
      return float32sOf<i16>(bytes, field, stride, rows, fill, out, odd);
    case 2:
      return float32sOf<i32>(bytes, field, stride, rows, fill, out, odd);
    case 3:
      return float32sOf<i64>(bytes, field, stride, rows, fill, out, odd);
    case 4:
      return float32sOf<f32>(bytes, field, stride, rows, fill, out, odd);
    case 5:
      return float32sOf<f64>(bytes, field, stride, rows, fill, out, odd);
    default:
      return float32sOf<Numeric>(bytes, field, stride, rows, fill, out, odd);
  }
}

function float32sOf<T>(
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
    const single = <f32>value;
    const held = <f64>single;
    store<f32>(out, single);
    // What is missing, too large, or perhaps an integer that was rounded.
    if (value != value || ((held != value || abs(value) >= MANY) && (held - held != 0 || floor(value) == value))) {
      store<i32>(odd + (<usize>(count++) << 2), row);
    }
  }
  return count;
}

export function float64s(
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
      return float64sOf<bool>(bytes, field, stride, rows, fill, out, odd);
    case 1:
      return float64sOf<i16>(bytes, field, stride, rows, fill, out, odd);
    case 2:
      return float64sOf<i32>(bytes, field, stride, rows, fill, out, odd);
    case 3:
      return float64sOf<i64>(bytes, field, stride, rows, fill, out, odd);
    case 4:
      return float64sOf<f32>(bytes, field, stride, rows, fill, out, odd);
    case 5:
      return float64sOf<f64>(bytes, field, stride, rows, fill, out, odd);
    default:
      return float64sOf<Numeric>(bytes, field, stride, rows, fill, out, odd);
  }
}

function float64sOf<T>(
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
    if (fill != 0 && lengthAt(at) < 0) {
      store<u64>(out, load<u64>(fill));
      continue;
    }
    const value = numberAt<T>(at);
    store<f64>(out, value);
    if (!(abs(value) < MANY)) store<i32>(odd + (<usize>(count++) << 2), row);
  }
  return count;
}
