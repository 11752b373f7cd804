import { MANY } from '../../kernel/assembly/powers';
import { contentEnd, contentStart, isQuoted } from './content';
import { decimal } from './decimal';

/** The decimal of a field that starts at bound `bound`, without its quotes. */
// @ts-ignore: decorator
@inline
function decimalOf(bytes: usize, bound: usize, quote: i32): f64 {
  const quoted = isQuoted(bytes, bound, quote);
  return decimal(contentStart(bytes, bound, quoted), contentEnd(bytes, bound, quoted));
}

/*
 * One column's numbers into `out`. The rows that need another look go into `odd`, ascending; their number is returned.
 * `bound` is the address of the column's bound in the first row, `stride` the bytes from row to row.
 */

export function float32s(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = decimalOf(bytes, bound, quote);
    const single = <f32>value;
    const held = <f64>single;
    store<f32>(out + (<usize>row << 2), single);
    // What is no number, too large, or perhaps an integer that was rounded.
    if (value != value || ((held != value || abs(value) >= MANY) && (held - held != 0 || floor(value) == value))) {
      store<i32>(odd + (<usize>(count++) << 2), row);
    }
    bound += stride;
  }
  return count;
}

export function float64s(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = decimalOf(bytes, bound, quote);
    store<f64>(out + (<usize>row << 3), value);
    if (!(abs(value) < MANY)) store<i32>(odd + (<usize>(count++) << 2), row);
    bound += stride;
  }
  return count;
}

export function int64s(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = decimalOf(bytes, bound, quote);
    if (abs(value) < MANY && floor(value) == value) store<i64>(out + (<usize>row << 3), <i64>value);
    else store<i32>(odd + (<usize>(count++) << 2), row);
    bound += stride;
  }
  return count;
}

export function int32s(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = decimalOf(bytes, bound, quote);
    if (value >= -2147483648 && value <= 2147483647 && floor(value) == value) {
      store<i32>(out + (<usize>row << 2), <i32>value);
    } else {
      store<i32>(odd + (<usize>(count++) << 2), row);
    }
    bound += stride;
  }
  return count;
}
