import { MANY, scaled } from '../../kernel/assembly/powers';

const PLUS: u8 = 43;
const MINUS: u8 = 45;
const POINT: u8 = 46;
const ZERO: u32 = 48;
const LOWER_E: u8 = 101;

/**
 * The decimal in bytes [start, end) where its digits and its power of ten are both exact doubles, so that one
 * multiplication or division rounds once (Clinger's fast path); NaN for all else.
 */
// @ts-ignore: decorator
@inline
export function decimal(start: usize, end: usize): f64 {
  let at = start;
  if (at >= end) return NaN;
  const sign = load<u8>(at);
  if (sign == MINUS || sign == PLUS) at++;
  let digits: u64 = 0;
  const first = at;
  while (at < end) {
    const digit = <u32>load<u8>(at) - ZERO;
    if (digit > 9) break;
    digits = digits * 10 + digit;
    at++;
  }
  let count = at - first;
  let exponent: i32 = 0;
  if (at < end && load<u8>(at) == POINT) {
    const point = ++at;
    while (at < end) {
      const digit = <u32>load<u8>(at) - ZERO;
      if (digit > 9) break;
      digits = digits * 10 + digit;
      at++;
    }
    if (at == point) return NaN;
    count += at - point;
    exponent = -(<i32>(at - point));
  }
  // With more digits than these, the sum may have wrapped.
  if (count == 0 || count > 18) return NaN;
  if (at < end) {
    if ((load<u8>(at) | 32) != LOWER_E) return NaN;
    at++;
    let down = false;
    if (at < end && (load<u8>(at) == MINUS || load<u8>(at) == PLUS)) {
      down = load<u8>(at) == MINUS;
      at++;
    }
    const from = at;
    let written = 0;
    while (at < end && at - from < 4) {
      const digit = <u32>load<u8>(at) - ZERO;
      if (digit > 9) break;
      written = written * 10 + <i32>digit;
      at++;
    }
    if (at == from || at != end) return NaN;
    exponent += down ? -written : written;
  }
  if (digits >= <u64>MANY || exponent > 22 || exponent < -22) return NaN;
  const value = scaled(digits, exponent);
  return sign == MINUS ? -value : value;
}
