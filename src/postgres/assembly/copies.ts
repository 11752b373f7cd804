import { find } from '../../kernel/assembly/text-table';
import { LENGTH_BYTES, lengthAt, NOT_PLAIN } from './fields';

const SPACE: u8 = 32;

/**
 * The codes of one column's values, by their bytes, into `codes`, from row `from` on; `nullCode` for NULL, unless it is
 * negative. Stops at the first row that has no code yet and returns it; `rows` where there is none.
 */
export function texts(
  bytes: usize,
  field: usize,
  stride: usize,
  rows: i32,
  nullCode: i32,
  table: usize,
  codes: usize,
  from: i32,
): i32 {
  field += <usize>from * stride;
  for (let row = from; row < rows; row++) {
    const at = bytes + <usize>load<i32>(field);
    const length = lengthAt(at);
    const code = length < 0 ? nullCode : find(table, at + LENGTH_BYTES, <usize>length);
    if (code < 0) return row;
    store<i32>(codes + (<usize>row << 2), code);
    field += stride;
  }
  return rows;
}

/**
 * Copies the fields of one column to `out`, with their offsets, one more than rows; without the spaces at their ends if
 * they are `padded`. The `skips` rows whose numbers ascend at `skipped` are left out. Returns how many bytes the fields
 * are; NOT_PLAIN where one is NULL. Up to 7 bytes behind them are written, too.
 */
export function copyKeys(
  bytes: usize,
  field: usize,
  stride: usize,
  rows: i32,
  padded: bool,
  skipped: usize,
  skips: i32,
  out: usize,
  offsets: usize,
): i32 {
  const lastSkip = skipped + (<usize>skips << 2);
  let to = out;
  store<i32>(offsets, 0);
  for (let row = 0; row < rows; row++, field += stride) {
    if (skipped < lastSkip && load<i32>(skipped) == row) {
      skipped += 4;
      continue;
    }
    let at = bytes + <usize>load<i32>(field);
    const length = lengthAt(at);
    if (length < 0) return NOT_PLAIN;
    at += LENGTH_BYTES;
    let end = at + <usize>length;
    if (padded) while (end > at && load<u8>(end - 1) == SPACE) end--;
    const size = end - at;
    for (let copy = to; at < end; at += 8, copy += 8) store<u64>(copy, load<u64>(at));
    to += size;
    offsets += 4;
    store<i32>(offsets, <i32>(to - out));
  }
  return <i32>(to - out);
}
