import { stopsAt } from './stops';

/* Where in its record the next byte stands, as in `../cutter.ts`. */
const FIELD_START: i32 = 0;
const TEXT: i32 = 1;
const QUOTED: i32 = 2;
const AFTER_QUOTE: i32 = 3;

let nextPlace: i32 = FIELD_START;

/** Where the byte behind the last piece stands. */
export function place(): i32 {
  return nextPlace;
}

/** The end of the last record that ends in a piece of a stream whose first byte stands at `from`; -1 for none. */
export function lastRecordEnd(
  bytes: usize,
  length: usize,
  delimiter: i32,
  quote: i32,
  lineEnd: i32,
  from: i32,
): i32 {
  const end = bytes + length;
  const one = i8x16.splat(<i8>delimiter);
  const two = i8x16.splat(<i8>lineEnd);
  const three = i8x16.splat(<i8>(quote < 256 ? quote : delimiter));
  let found: i32 = -1;
  let now = from;
  let next = bytes;
  for (let chunk = bytes; chunk < end; chunk += 64) {
    let mask = stopsAt(chunk, one, two, three);
    while (mask != 0) {
      const at = chunk + <usize>ctz(mask);
      if (at >= end) break;
      mask &= mask - 1;
      const byte = <i32>load<u8>(at);
      if (now == QUOTED) {
        if (byte == quote) now = AFTER_QUOTE;
      } else {
        // What lies before this byte belongs to an unquoted field, or to one that goes on behind its quote.
        if (at > next) now = TEXT;
        if (byte == quote) {
          if (now != TEXT) now = QUOTED;
        } else {
          now = FIELD_START;
          if (byte == lineEnd) found = <i32>(at + 1 - bytes);
        }
      }
      next = at + 1;
    }
  }
  if (now != QUOTED && end > next) now = TEXT;
  nextPlace = now;
  return found;
}
