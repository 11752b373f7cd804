import { scaled } from '../../kernel/assembly/powers';

const HEADER_BYTES: i32 = 8;
const NEGATIVE: u32 = 0x4000;
const BASE: u64 = 10000;
const BASE_DIGITS: i32 = 4;
/** A number of up to this size can take one more digit and still be an exact double. */
const ROOM_FOR_ONE_MORE: u64 = 900719925473;

// @ts-ignore: decorator
@inline
function short(at: usize): u32 {
  return <u32>bswap<u16>(load<u16>(at));
}

/**
 * The numeric of `length` bytes where its digits and its power of ten are both exact doubles, as `readNumeric` of
 * `../numeric.ts` gives it; NaN for all else.
 */
export function numeric(at: usize, length: i32): f64 {
  if (length < HEADER_BYTES) return NaN;
  const count = <i32>short(at);
  const weight = <i32>(<i16>short(at + 2));
  const sign = short(at + 4);
  if (length != HEADER_BYTES + 2 * count || (sign != 0 && sign != NEGATIVE)) return NaN;
  const exponent = BASE_DIGITS * (weight - count + 1);
  if (exponent < -22 || exponent > 22) return NaN;
  let digits: u64 = 0;
  for (let from = at + HEADER_BYTES, end = at + <usize>length; from < end; from += 2) {
    const digit = <u64>short(from);
    if (digit >= BASE || digits > ROOM_FOR_ONE_MORE) return NaN;
    digits = digits * BASE + digit;
  }
  const value = scaled(digits, exponent);
  return sign == NEGATIVE && value != 0 ? -value : value;
}
