import { before, between, matches, spread } from './masks';

const LINE_FEED: u8 = 10;
const CARRIAGE_RETURN: u8 = 13;

/** A block that is not plain: the splitter in TypeScript finds out why. */
const NOT_PLAIN: i32 = -1;

let lineCount: i32 = 0;
let doubled: u64 = 0;

/** Lines of the block that was split last. */
export function lines(): i32 {
  return lineCount;
}

/** Whether a field of the block that was split last has two quotes that mean one. */
export function hasDoubledQuotes(): bool {
  return doubled != 0;
}

/**
 * Finds the fields of a block that ends with a line end, as `RecordSplitter` does: `columns + 1` bounds for each record,
 * and the line it starts on. Returns the number of records, or NOT_PLAIN where one is ragged or a quote is amiss.
 *
 * Quotes are dealt with 64 bytes at a time, so that a quoted field costs little more than another: what is between them
 * holds no end of a field, and whether each stands where it may is seen from the bytes beside all of them at once.
 */
export function split(
  bytes: usize,
  length: usize,
  delimiter: i32,
  quote: i32,
  lineEnd: i32,
  columns: i32,
  bounds: usize,
  starts: usize,
): i32 {
  const end = bytes + length;
  const delimiters = i8x16.splat(<i8>delimiter);
  const lineEnds = i8x16.splat(<i8>lineEnd);
  const quotes = i8x16.splat(<i8>quote);
  const returns = i8x16.splat(<i8>CARRIAGE_RETURN);
  const isLineFeed = <u8>lineEnd == LINE_FEED;
  const width = <usize>columns << 2;

  // Of the byte before the chunk: all bits if it is in quotes; else the first, if it
  let inside: u64 = 0; // is in quotes: all bits
  let fieldBefore: u64 = 1; // ends a field, or there is none
  let closedBefore: u64 = 0; // is a quote that closes
  let returnBefore: u64 = 0; // is a carriage return behind one
  doubled = 0;

  let fieldStart = bytes;
  let bound = bounds;
  let last = bounds + width;
  let rows = 0;
  let line = 1;
  let startLine = 1;
  let fresh = true;

  for (let chunk = bytes; chunk < end; chunk += 64) {
    const valid = before(end, chunk);
    const ends = matches(chunk, lineEnds) & valid;
    let stops = (matches(chunk, delimiters) & valid) | ends;
    const quoted = quote < 256 ? matches(chunk, quotes) & valid : 0;
    if ((quoted | inside | closedBefore | returnBefore) != 0) {
      const within = between(quoted) ^ inside;
      const opening = quoted & within;
      const closing = quoted & ~within;
      stops &= ~within;
      const behind = (closing << 1) | closedBefore;
      if ((opening & ~((stops << 1) | fieldBefore | behind)) != 0) return NOT_PLAIN;
      doubled |= opening & behind;
      const trailing = behind & ~(stops | opening) & valid;
      if ((trailing | returnBefore) != 0) {
        const returned = isLineFeed ? trailing & matches(chunk, returns) : 0;
        if (returned != trailing || (((returned << 1) | returnBefore) & ~ends & valid) != 0) return NOT_PLAIN;
        returnBefore = returned >> 63;
      }
      closedBefore = closing >> 63;
      inside = spread(within);
    }
    fieldBefore = stops >> 63;

    while (stops != 0) {
      const bit = ctz(stops);
      const at = chunk + <usize>bit;
      stops &= stops - 1;
      if (((ends >> bit) & 1) == 0) {
        if (fresh) {
          store<i32>(bound, <i32>(fieldStart - bytes));
          fresh = false;
        }
        bound += 4;
        if (bound == last) return NOT_PLAIN;
        store<i32>(bound, <i32>(at - bytes) + 1);
        fieldStart = at + 1;
        continue;
      }
      const nextLine = line + <i32>popcnt(ends << (63 - bit));
      const fieldEnd =
        isLineFeed && at > fieldStart && load<u8>(at - 1) == CARRIAGE_RETURN ? at - 1 : at;
      // A line without a byte is no record.
      if (!fresh || fieldEnd != fieldStart) {
        if (fresh) store<i32>(bound, <i32>(fieldStart - bytes));
        bound += 4;
        if (bound != last) return NOT_PLAIN;
        store<i32>(bound, <i32>(fieldEnd - bytes) + 1);
        store<i32>(starts + (<usize>rows << 2), startLine);
        rows++;
        bound += 4;
        last = bound + width;
        fresh = true;
      }
      startLine = nextLine;
      fieldStart = at + 1;
    }
    line += <i32>popcnt(ends);
  }
  if (inside != 0) return NOT_PLAIN;
  lineCount = line - 1;
  return rows;
}
