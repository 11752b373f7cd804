/*
 * Where the content of a field lies that starts at bound `bound`, its quotes left out; those inside are still doubled.
 */

// @ts-ignore: decorator
@inline
export function isQuoted(bytes: usize, bound: usize, quote: i32): bool {
  return <i32>load<u8>(bytes + <usize>load<i32>(bound)) == quote;
}

// @ts-ignore: decorator
@inline
export function contentStart(bytes: usize, bound: usize, quoted: bool): usize {
  return bytes + <usize>load<i32>(bound) + <usize>quoted;
}

// @ts-ignore: decorator
@inline
export function contentEnd(bytes: usize, bound: usize, quoted: bool): usize {
  return bytes + <usize>load<i32>(bound, 4) - 1 - <usize>quoted;
}
