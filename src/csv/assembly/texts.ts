import { find } from '../../kernel/assembly/text-table';
import { hasDoubledQuotes } from './fields';

/** A column that is left to the loop in TypeScript. */
const NOT_PLAIN: i32 = -1;

/**
 * The codes of one column's texts into `codes`, from row `from` on. Stops at the first row whose text the table does
 * not have and returns it; `rows` where there is none.
 */
export function texts(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  table: usize,
  codes: usize,
  from: i32,
): i32 {
  bound += <usize>from * stride;
  for (let row = from; row < rows; row++) {
    let start = bytes + <usize>load<i32>(bound);
    let end = bytes + <usize>load<i32>(bound, 4) - 1;
    if (<i32>load<u8>(start) == quote) {
      start++;
      end--;
    }
    const code = find(table, start, end - start);
    if (code < 0) return row;
    store<i32>(codes + (<usize>row << 2), code);
    bound += stride;
  }
  return rows;
}

/**
 * Copies the fields of one column to `out`, with their `rows + 1` offsets. Returns how many bytes they are; NOT_PLAIN
 * where one is empty or has quotes inside. Up to 7 bytes behind them are written, too.
 */
export function copyKeys(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  out: usize,
  offsets: usize,
): i32 {
  const doubled = hasDoubledQuotes();
  let to = out;
  store<i32>(offsets, 0);
  for (let row = 0; row < rows; row++) {
    let start = bytes + <usize>load<i32>(bound);
    let end = bytes + <usize>load<i32>(bound, 4) - 1;
    if (<i32>load<u8>(start) == quote) {
      start++;
      end--;
      if (doubled) for (let at = start; at < end; at++) if (<i32>load<u8>(at) == quote) return NOT_PLAIN;
    }
    if (start >= end) return NOT_PLAIN;
    for (let at = start, copy = to; at < end; at += 8, copy += 8) store<u64>(copy, load<u64>(at));
    to += end - start;
    store<i32>(offsets + (<usize>(row + 1) << 2), <i32>(to - out));
    bound += stride;
  }
  return <i32>(to - out);
}
