/*
 * The inner loops of the CSV decoder, in AssemblyScript: `npm run kernel` compiles them into `../kernel-module.ts`.
 * Addresses are of this module's own memory, which `../kernel.ts` lays out. Behind every block there are 64 bytes that
 * may be read. What these loops can't decide they leave to the decoder in TypeScript, which says what is right.
 */

const LINE_FEED: u8 = 10;
const CARRIAGE_RETURN: u8 = 13;
const PLUS: u8 = 43;
const MINUS: u8 = 45;
const POINT: u8 = 46;
const ZERO: u32 = 48;
const LOWER_E: u8 = 101;
/** No double from here on is sure to be the very integer that was written. */
const MANY: f64 = 9007199254740992;

/** A block that is not plain: the splitter in TypeScript finds out why. */
const NOT_PLAIN: i32 = -1;

/** Where memory is free from. */
export function heapBase(): usize {
  return __heap_base;
}

let lineCount: i32 = 0;

/** Lines of the block that was split last. */
export function lines(): i32 {
  return lineCount;
}

/** One bit for each of 64 bytes that is one of three. */
// @ts-ignore: decorator
@inline
function stopsAt(at: usize, one: v128, two: v128, three: v128): u64 {
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

/**
 * Finds the fields of a block that ends with a line end, as `RecordSplitter` does: `columns + 1` bounds for each record,
 * and the line it starts on. Returns the number of records, or NOT_PLAIN where one is ragged or a quote is amiss.
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
  const quotes = quote < 256;
  const one = i8x16.splat(<i8>delimiter);
  const two = i8x16.splat(<i8>lineEnd);
  const three = i8x16.splat(<i8>(quotes ? quote : delimiter));
  const stride = <usize>(columns + 1) << 2;
  let chunk = bytes;
  let mask = stopsAt(chunk, one, two, three);
  let fieldStart = bytes;
  let bound = bounds;
  let fields = 0;
  let rows = 0;
  let line = 1;
  let startLine = 1;

  while (fieldStart < end) {
    while (mask == 0) {
      chunk += 64;
      mask = stopsAt(chunk, one, two, three);
    }
    let at = chunk + <usize>ctz(mask);
    mask &= mask - 1;
    let byte = <i32>load<u8>(at);
    let fieldEnd = at;

    if (quotes && byte == quote) {
      if (at != fieldStart) return NOT_PLAIN;
      for (;;) {
        while (mask == 0) {
          chunk += 64;
          if (chunk >= end) return NOT_PLAIN;
          mask = stopsAt(chunk, one, two, three);
        }
        at = chunk + <usize>ctz(mask);
        mask &= mask - 1;
        if (at >= end) return NOT_PLAIN;
        byte = <i32>load<u8>(at);
        if (byte == lineEnd) line++;
        if (byte != quote) continue;
        if (<i32>load<u8>(at, 1) != quote) break;
        // Two quotes that mean one: past the second.
        if (at + 1 >= end) return NOT_PLAIN;
        while (mask == 0) {
          chunk += 64;
          mask = stopsAt(chunk, one, two, three);
        }
        mask &= mask - 1;
      }
      at++;
      fieldEnd = at;
      byte = <i32>load<u8>(at);
      if (<u8>byte == CARRIAGE_RETURN && <u8>lineEnd == LINE_FEED && load<u8>(at, 1) == LINE_FEED) {
        at++;
        byte = lineEnd;
      }
      if (at >= end || (byte != delimiter && byte != lineEnd)) return NOT_PLAIN;
      while (mask == 0) {
        chunk += 64;
        mask = stopsAt(chunk, one, two, three);
      }
      mask &= mask - 1;
    } else if (byte == lineEnd) {
      if (<u8>lineEnd == LINE_FEED && at > fieldStart && load<u8>(at - 1) == CARRIAGE_RETURN) fieldEnd--;
      if (fields == 0 && fieldEnd == fieldStart) {
        // A line without a byte is no record.
        line++;
        startLine = line;
        fieldStart = at + 1;
        continue;
      }
    }

    if (fields == columns) return NOT_PLAIN;
    if (fields == 0) store<i32>(bound, <i32>(fieldStart - bytes));
    fields++;
    store<i32>(bound + (<usize>fields << 2), <i32>(fieldEnd - bytes) + 1);
    fieldStart = at + 1;
    if (byte == lineEnd) {
      if (fields != columns) return NOT_PLAIN;
      store<i32>(starts + (<usize>rows << 2), startLine);
      rows++;
      line++;
      startLine = line;
      bound += stride;
      fields = 0;
    }
  }
  lineCount = line - 1;
  return rows;
}

const POWERS = memory.data<f64>([
  1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
  1e21, 1e22,
]);

/**
 * The decimal in bytes [start, end) where its digits and its power of ten are both exact doubles, so that one
 * multiplication or division rounds once (Clinger's fast path); NaN for all else.
 */
// @ts-ignore: decorator
@inline
function decimal(start: usize, end: usize): f64 {
  let at = start;
  if (at >= end) return NaN;
  const sign = load<u8>(at);
  if (sign == MINUS || sign == PLUS) at++;
  let digits: u64 = 0;
  const first = at;
  while (at < end) {
    const digit = <u32>load<u8>(at) - ZERO;
    if (digit > 9) break;
    digits = digits * 10 + digit;
    at++;
  }
  let count = at - first;
  let exponent: i32 = 0;
  if (at < end && load<u8>(at) == POINT) {
    const point = ++at;
    while (at < end) {
      const digit = <u32>load<u8>(at) - ZERO;
      if (digit > 9) break;
      digits = digits * 10 + digit;
      at++;
    }
    if (at == point) return NaN;
    count += at - point;
    exponent = -(<i32>(at - point));
  }
  // With more digits than these, the sum may have wrapped.
  if (count == 0 || count > 18) return NaN;
  if (at < end) {
    if ((load<u8>(at) | 32) != LOWER_E) return NaN;
    at++;
    let down = false;
    if (at < end && (load<u8>(at) == MINUS || load<u8>(at) == PLUS)) {
      down = load<u8>(at) == MINUS;
      at++;
    }
    const from = at;
    let written = 0;
    while (at < end && at - from < 4) {
      const digit = <u32>load<u8>(at) - ZERO;
      if (digit > 9) break;
      written = written * 10 + <i32>digit;
      at++;
    }
    if (at == from || at != end) return NaN;
    exponent += down ? -written : written;
  }
  if (digits >= <u64>MANY || exponent > 22 || exponent < -22) return NaN;
  const value =
    exponent < 0
      ? <f64>digits / load<f64>(POWERS + (<usize>-exponent << 3))
      : <f64>digits * load<f64>(POWERS + (<usize>exponent << 3));
  return sign == MINUS ? -value : value;
}

/** The decimal of a field that starts at bound `bound`, without its quotes. */
// @ts-ignore: decorator
@inline
function decimalOf(bytes: usize, bound: usize, quote: i32): f64 {
  let start = bytes + <usize>load<i32>(bound);
  let end = bytes + <usize>load<i32>(bound, 4) - 1;
  if (<i32>load<u8>(start) == quote) {
    start++;
    end--;
  }
  return decimal(start, end);
}

/*
 * One column's numbers into `out`. The rows that need another look go into `odd`, ascending; their number is returned.
 * `bound` is the address of the column's bound in the first row, `stride` the bytes from row to row.
 */

export function float32s(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = decimalOf(bytes, bound, quote);
    const single = <f32>value;
    const held = <f64>single;
    store<f32>(out + (<usize>row << 2), single);
    // What is no number, too large, or perhaps an integer that was rounded.
    if (value != value || ((held != value || abs(value) >= MANY) && (held - held != 0 || floor(value) == value))) {
      store<i32>(odd + (<usize>(count++) << 2), row);
    }
    bound += stride;
  }
  return count;
}

export function float64s(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = decimalOf(bytes, bound, quote);
    store<f64>(out + (<usize>row << 3), value);
    if (!(abs(value) < MANY)) store<i32>(odd + (<usize>(count++) << 2), row);
    bound += stride;
  }
  return count;
}

export function int64s(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = decimalOf(bytes, bound, quote);
    if (abs(value) < MANY && floor(value) == value) store<i64>(out + (<usize>row << 3), <i64>value);
    else store<i32>(odd + (<usize>(count++) << 2), row);
    bound += stride;
  }
  return count;
}

export function int32s(
  bytes: usize,
  bound: usize,
  stride: usize,
  rows: i32,
  quote: i32,
  out: usize,
  odd: usize,
): i32 {
  let count = 0;
  for (let row = 0; row < rows; row++) {
    const value = decimalOf(bytes, bound, quote);
    if (value >= -2147483648 && value <= 2147483647 && floor(value) == value) {
      store<i32>(out + (<usize>row << 2), <i32>value);
    } else {
      store<i32>(odd + (<usize>(count++) << 2), row);
    }
    bound += stride;
  }
  return count;
}

/*
 * A table of texts: the number of entries, the address for the next text's bytes and where they must end; places, each
 * the number of an entry plus one; entries. Bytes of a text are filled up with zeros to a multiple of eight.
 */
const HEADER: usize = 16;
const PLACES: u32 = 8192;
const MOST_ENTRIES: u32 = 4096;
const ENTRY: usize = 16;
const MULTIPLIER: u64 = 0x9e3779b97f4a7c15;

/** Bytes that a table takes beside those of its texts. */
export function tableBytes(): usize {
  return HEADER + PLACES * 2 + MOST_ENTRIES * ENTRY;
}

/** Makes a table in zeroed memory, whose texts may take `size` bytes more than `tableBytes`. */
export function makeTable(table: usize, size: usize): void {
  const texts = table + tableBytes();
  store<u32>(table, <u32>texts, 4);
  store<u32>(table, <u32>(texts + size), 8);
}

/** The first `count` bytes, 1 to 7, of a little-endian word. */
// @ts-ignore: decorator
@inline
function firstBytes(word: u64, count: usize): u64 {
  return word & ((<u64>1 << (<u64>count << 3)) - 1);
}

// @ts-ignore: decorator
@inline
function hashOf(start: usize, length: usize): u32 {
  let hash = <u64>length * MULTIPLIER;
  let at = start;
  let left = length;
  while (left >= 8) {
    hash = (hash ^ load<u64>(at)) * MULTIPLIER;
    hash ^= hash >> 32;
    at += 8;
    left -= 8;
  }
  if (left > 0) {
    hash = (hash ^ firstBytes(load<u64>(at), left)) * MULTIPLIER;
    hash ^= hash >> 32;
  }
  return <u32>(hash ^ (hash >> 16));
}

// @ts-ignore: decorator
@inline
function sameBytes(known: usize, start: usize, length: usize): bool {
  let left = length;
  let at = start;
  let own = known;
  while (left >= 8) {
    if (load<u64>(own) != load<u64>(at)) return false;
    own += 8;
    at += 8;
    left -= 8;
  }
  return left == 0 || load<u64>(own) == firstBytes(load<u64>(at), left);
}

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
  const places = table + HEADER;
  const entries = places + PLACES * 2;
  bound += <usize>from * stride;
  for (let row = from; row < rows; row++) {
    let start = bytes + <usize>load<i32>(bound);
    let end = bytes + <usize>load<i32>(bound, 4) - 1;
    if (<i32>load<u8>(start) == quote) {
      start++;
      end--;
    }
    const length = end - start;
    const hash = hashOf(start, length);
    let place = hash & (PLACES - 1);
    let found = <u32>load<u16>(places + (<usize>place << 1));
    while (found != 0) {
      const entry = entries + (<usize>(found - 1)) * ENTRY;
      if (
        load<u32>(entry) == hash &&
        load<u32>(entry, 4) == <u32>length &&
        sameBytes(<usize>load<u32>(entry, 8), start, length)
      ) {
        store<i32>(codes + (<usize>row << 2), load<i32>(entry, 12));
        break;
      }
      place = (place + 1) & (PLACES - 1);
      found = <u32>load<u16>(places + (<usize>place << 1));
    }
    if (found == 0) return row;
    bound += stride;
  }
  return rows;
}

/** Gives a text that the table does not have its code, if there is room. */
export function addText(table: usize, start: usize, length: usize, code: i32): void {
  const count = load<u32>(table);
  const next = <usize>load<u32>(table, 4);
  const size = (length + 7) & ~7;
  if (count == MOST_ENTRIES || next + size > <usize>load<u32>(table, 8)) return;
  const places = table + HEADER;
  const entry = places + PLACES * 2 + <usize>count * ENTRY;
  const hash = hashOf(start, length);
  store<u32>(entry, hash);
  store<u32>(entry, <u32>length, 4);
  store<u32>(entry, <u32>next, 8);
  store<i32>(entry, code, 12);
  memory.copy(next, start, length);
  let place = hash & (PLACES - 1);
  while (load<u16>(places + (<usize>place << 1)) != 0) place = (place + 1) & (PLACES - 1);
  store<u16>(places + (<usize>place << 1), <u16>(count + 1));
  store<u32>(table, count + 1);
  store<u32>(table, <u32>(next + size), 4);
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
  let to = out;
  store<i32>(offsets, 0);
  for (let row = 0; row < rows; row++) {
    let start = bytes + <usize>load<i32>(bound);
    let end = bytes + <usize>load<i32>(bound, 4) - 1;
    if (<i32>load<u8>(start) == quote) {
      start++;
      end--;
      for (let at = start; at < end; at++) if (<i32>load<u8>(at) == quote) return NOT_PLAIN;
    }
    if (start >= end) return NOT_PLAIN;
    for (let at = start, copy = to; at < end; at += 8, copy += 8) store<u64>(copy, load<u64>(at));
    to += end - start;
    store<i32>(offsets + (<usize>(row + 1) << 2), <i32>(to - out));
    bound += stride;
  }
  return <i32>(to - out);
}
