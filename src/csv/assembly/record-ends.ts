import { before, between, matches, spread } from './masks';

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
  const delimiters = i8x16.splat(<i8>delimiter);
  const lineEnds = i8x16.splat(<i8>lineEnd);
  const quotes = i8x16.splat(<i8>quote);
  let found: i32 = -1;
  nextPlace = from;
  for (let chunk = bytes; chunk < end; chunk += 64) {
    const valid = before(end, chunk);
    const ends = matches(chunk, lineEnds) & valid;
    const stops = (matches(chunk, delimiters) & valid) | ends;
    const quoted = quote < 256 ? matches(chunk, quotes) & valid : 0;
    const within = between(quoted) ^ (nextPlace == QUOTED ? ~(<u64>0) : 0);
    const closing = quoted & ~within;
    const outside = stops & ~within;
    const mayOpen = ((outside | closing) << 1) | (<u64>(nextPlace == FIELD_START || nextPlace == AFTER_QUOTE));
    let ended = ends & ~within;
    if ((quoted & within & ~mayOpen) != 0) ended = endsByQuote(stops, quoted, ends, valid);
    else {
      const last = valid ^ (valid >> 1);
      nextPlace =
        (within & last) != 0 ? QUOTED : (closing & last) != 0 ? AFTER_QUOTE : (outside & last) != 0 ? FIELD_START : TEXT;
    }
    if (ended != 0) found = <i32>(chunk - bytes) + 64 - <i32>clz(ended);
  }
  return found;
}

/** The record ends of a chunk with a quote inside unquoted text, which opens nothing: one stop after another. */
function endsByQuote(stops: u64, quoted: u64, ends: u64, valid: u64): u64 {
  let left = stops | quoted;
  let ended: u64 = 0;
  let now = nextPlace;
  let next: u64 = 1;
  while (left != 0) {
    const bit = left & -left;
    left ^= bit;
    if (now == QUOTED) {
      if ((quoted & bit) != 0) now = AFTER_QUOTE;
    } else {
      // What lies before this byte belongs to an unquoted field, or to one that goes on behind its quote.
      if (bit != next) now = TEXT;
      if ((quoted & bit) != 0) {
        if (now != TEXT) now = QUOTED;
      } else {
        now = FIELD_START;
        ended |= ends & bit;
      }
    }
    next = bit << 1;
  }
  if (now != QUOTED && (next & valid) != 0) now = TEXT;
  nextPlace = now;
  return ended;
}
