/** One bit for each of 64 bytes that is the byte `wanted` is full of. */
// @ts-ignore: decorator
@inline
export function matches(at: usize, wanted: v128): u64 {
  return (
    (<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(at), wanted)))) |
    ((<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(at, 16), wanted)))) << 16) |
    ((<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(at, 32), wanted)))) << 32) |
    ((<u64>(<u32>i8x16.bitmask(i8x16.eq(v128.load(at, 48), wanted)))) << 48)
  );
}

/** The bits of the bytes before `end` in a chunk of 64. */
// @ts-ignore: decorator
@inline
export function before(end: usize, chunk: usize): u64 {
  const left = end - chunk;
  return left < 64 ? ((<u64>1) << (<u64>left)) - 1 : ~(<u64>0);
}

/** One bit for each byte from a quote on, before the next one, if the first of them opens. */
// @ts-ignore: decorator
@inline
export function between(quotes: u64): u64 {
  let parity = quotes ^ (quotes << 1);
  parity ^= parity << 2;
  parity ^= parity << 4;
  parity ^= parity << 8;
  parity ^= parity << 16;
  return parity ^ (parity << 32);
}

/** Every bit as the last one of `mask` is. */
// @ts-ignore: decorator
@inline
export function spread(mask: u64): u64 {
  return <u64>((<i64>mask) >> 63);
}
