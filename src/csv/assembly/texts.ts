import { find } from '../../kernel/assembly/text-table';
import { contentEnd, contentStart, isQuoted } from './content';
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
    const quoted = isQuoted(bytes, bound, quote);
    const start = contentStart(bytes, bound, quoted);
    const end = contentEnd(bytes, bound, quoted);
    const code = find(table, start, end - start);
    if (code < 0) return row;
    store<i32>(codes + (<usize>row << 2), code);
    bound += stride;
  }
  return rows;
}

let copied: usize = 0;

/** Bytes that `knownTexts` copied last. */
export function copiedBytes(): i32 {
  return <i32>copied;
}

/**
 * The codes of one column's texts into `codes`, -1 where the table does not have one. Of those it does not have, the
 * rows go into `unknown`, ascending, the bytes to `out`, one text behind the other, and into `ends` where each ends
 * among them, in units of UTF-16. Returns their number. Up to 7 bytes behind `out` are written, too.
 */
export function knownTexts(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  table: usize,
  codes: usize,
  unknown: usize,
  ends: usize,
  out: usize,
): i32 {
  let count: usize = 0;
  let to = out;
  let units: usize = 0;
  for (let row = 0; row < rows; row++) {
    const quoted = isQuoted(bytes, bound, quote);
    const start = contentStart(bytes, bound, quoted);
    const end = contentEnd(bytes, bound, quoted);
    const code = find(table, start, end - start);
    store<i32>(codes + (<usize>row << 2), code);
    if (code < 0) {
      units += copyText(start, end, to);
      to += end - start;
      store<i32>(unknown + (count << 2), row);
      store<i32>(ends + (count << 2), <i32>units);
      count++;
    }
    bound += stride;
  }
  copied = to - out;
  return <i32>count;
}

/** Returns how many units of UTF-16 the text has. */
// @ts-ignore: decorator
@inline
function copyText(start: usize, end: usize, out: usize): usize {
  let beyondAscii: u64 = 0;
  for (let at = start, copy = out; at < end; at += 8, copy += 8) {
    const word = load<u64>(at);
    store<u64>(copy, word);
    beyondAscii |= word;
  }
  let units = end - start;
  if ((beyondAscii & 0x8080808080808080) == 0) return units;
  for (let at = start; at < end; at++) {
    const byte = load<u8>(at);
    // The bytes that go on with a character, but for one in those that two units stand for.
    if ((byte & 0xc0) == 0x80) units--;
    else if (byte >= 0xf0) units++;
  }
  return units;
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
    const quoted = isQuoted(bytes, bound, quote);
    const start = contentStart(bytes, bound, quoted);
    const end = contentEnd(bytes, bound, quoted);
    if (doubled && quoted) for (let at = start; at < end; at++) if (<i32>load<u8>(at) == quote) return NOT_PLAIN;
    if (start >= end) return NOT_PLAIN;
    for (let at = start, copy = to; at < end; at += 8, copy += 8) store<u64>(copy, load<u64>(at));
    to += end - start;
    store<i32>(offsets + (<usize>(row + 1) << 2), <i32>(to - out));
    bound += stride;
  }
  return <i32>(to - out);
}
