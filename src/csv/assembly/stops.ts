/** One bit for each of 64 bytes that is one of three. */
// @ts-ignore: decorator
@inline
export function stopsAt(at: usize, one: v128, two: v128, three: v128): u64 {
  const a = v128.load(at);
  const b = v128.load(at, 16);
  const c = v128.load(at, 32);
  const d = v128.load(at, 48);
  return (
    (<u64>(<u32>bits(a, one, two, three))) |
    ((<u64>(<u32>bits(b, one, two, three))) << 16) |
    ((<u64>(<u32>bits(c, one, two, three))) << 32) |
    ((<u64>(<u32>bits(d, one, two, three))) << 48)
  );
}

// @ts-ignore: decorator
@inline
function bits(bytes: v128, one: v128, two: v128, three: v128): i32 {
  return i8x16.bitmask(v128.or(v128.or(i8x16.eq(bytes, one), i8x16.eq(bytes, two)), i8x16.eq(bytes, three)));
}
