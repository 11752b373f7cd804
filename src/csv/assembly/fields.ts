import { stopsAt } from './stops';

const LINE_FEED: u8 = 10;
const CARRIAGE_RETURN: u8 = 13;

/** A block that is not plain: the splitter in TypeScript finds out why. */
const NOT_PLAIN: i32 = -1;

let lineCount: i32 = 0;

/** Lines of the block that was split last. */
export function lines(): i32 {
  return lineCount;
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
