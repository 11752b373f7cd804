import { BlockError } from '../domain/codecs.js';
import { CARRIAGE_RETURN, LINE_FEED } from './dialect.js';
import type { Dialect } from './dialect.js';
import type { Kernel } from './kernel.js';
import type { KernelRows } from './kernel-rows.js';

/** A record with more or fewer fields than there are columns: bytes [start, end), without its line end. */
export interface RaggedRecord {
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

/** Where the fields of a block's records are. Valid until the next `split`, which uses the arrays again. */
export interface Records {
  /** The block, with a line end added to a last record that had none. */
  readonly bytes: Buffer;
  readonly quote: number;
  /** Whole records; the ragged ones are not among them. */
  readonly rows: number;
  /** `columns + 1`. */
  readonly stride: number;
  /** Field c of row r is bytes [bounds[r * stride + c], bounds[r * stride + c + 1] - 1), its quotes included. */
  readonly bounds: Int32Array;
  /** The line on which each row starts, from 1. */
  readonly lines: Int32Array;
  readonly lineCount: number;
  readonly ragged: readonly RaggedRecord[];
  /** Whether there is a NUL anywhere in the block. */
  readonly hasNul: boolean;
  /** Where the block lies in a kernel's memory: what can read its columns fast. */
  readonly kernel: KernelRows | undefined;
}

/** Rows [from, to) of them. */
export function someOf(records: Records, from: number, to: number): Records {
  const { stride, bounds, lines, kernel } = records;
  return {
    ...records,
    rows: to - from,
    bounds: bounds.subarray(from * stride, to * stride),
    lines: lines.subarray(from, to),
    kernel: kernel?.subarray(from, to),
  };
}

/** Bytes [start, end) of a field, its quotes left out; the quotes inside it are still doubled. */
export function fieldContent(records: Records, row: number, column: number): [start: number, end: number] {
  const { bytes, quote, stride, bounds } = records;
  const at = row * stride + column;
  const start = bounds[at]!;
  const end = bounds[at + 1]! - 1;
  return bytes[start] === quote ? [start + 1, end - 1] : [start, end];
}

/**
 * Finds the fields of record-aligned blocks: what a byte sequence means is decided here and nowhere else.
 *
 * As csv-parse with `skip_empty_lines`: a field is quoted if its very first byte is a quote; in it, two quotes
 * are one, and delimiters and line ends are content; the closing quote must end the field; a line without a
 * single byte is no record. Other than csv-parse, which takes the first line end it meets as the only one, LF and
 * CRLF both end a record in the same file, and so does a CR that ends the input; a NUL after a closing quote is
 * an error as any other byte is.
 */
export class RecordSplitter {
  /** 1 for bytes that may end an unquoted field, or must not be in one. */
  readonly #stops = new Uint8Array(256);
  #bounds = new Int32Array(1024);
  #lines = new Int32Array(64);

  constructor(
    readonly dialect: Dialect,
    readonly columns: readonly string[],
    /** Splits all blocks but those with something amiss. */
    readonly kernel: Kernel | undefined,
  ) {
    this.#stops[dialect.delimiter] = 1;
    this.#stops[dialect.lineEnd] = 1;
    if (dialect.quote < 256) this.#stops[dialect.quote] = 1;
  }

  /** Throws BlockError `csv.quote` and `csv.unterminated_quote`. */
  split(block: Uint8Array): Records {
    const { dialect, columns, kernel } = this;
    const plain = kernel?.split(block, dialect, columns.length);
    if (plain === undefined) return this.#split(block);
    const hasNul = plain.bytes.includes(0);
    return { ...plain, quote: dialect.quote, stride: columns.length + 1, ragged: [], hasNul };
  }

  #split(block: Uint8Array): Records {
    const { delimiter, quote, lineEnd } = this.dialect;
    const stops = this.#stops;
    const columns = this.columns.length;
    const stride = columns + 1;
    // The loops below need no look at the length in unquoted fields, since a line end stops them.
    const bytes = endedBlock(block, lineEnd);
    const length = bytes.length;
    const ragged: RaggedRecord[] = [];
    let bounds = this.#bounds;
    let lines = this.#lines;
    let rows = 0;
    let base = 0;
    let line = 1;
    let at = 0;

    while (at < length) {
      let byte = bytes[at]!;
      if (byte === lineEnd || (byte === CARRIAGE_RETURN && bytes[at + 1] === lineEnd)) {
        at += byte === lineEnd ? 1 : 2;
        line++;
        continue;
      }
      if (rows === lines.length) lines = this.#lines = grown(lines, rows + 1);
      if (base + stride > bounds.length) bounds = this.#bounds = grown(bounds, base + stride);
      const start = at;
      const startLine = line;
      let fields = 0;
      let end: number;
      bounds[base] = at;
      do {
        if (bytes[at] === quote) {
          const openedOn = line;
          at++;
          for (;;) {
            while (at < length && (byte = bytes[at]!) !== quote) {
              if (byte === lineEnd) line++;
              at++;
            }
            if (at === length) throw unterminatedQuote(openedOn, this.#name(fields));
            at++;
            if (bytes[at] !== quote) break;
            at++;
          }
          end = at;
          byte = bytes[at]!;
          if (byte === CARRIAGE_RETURN && lineEnd === LINE_FEED && bytes[at + 1] === LINE_FEED) {
            byte = LINE_FEED;
            at++;
          }
          if (byte !== delimiter && byte !== lineEnd) throw textAfterQuote(line, this.#name(fields));
        } else {
          const fieldStart = at;
          while (stops[(byte = bytes[at]!)] === 0) at++;
          if (byte === quote) throw quoteInText(line, this.#name(fields));
          end = at;
          if (byte === LINE_FEED && end > fieldStart && bytes[end - 1] === CARRIAGE_RETURN) end--;
        }
        at++;
        fields++;
        if (fields <= columns) bounds[base + fields] = end + 1;
      } while (byte === delimiter);
      line++;
      if (fields === columns) {
        lines[rows] = startLine;
        rows++;
        base += stride;
      } else {
        ragged.push({ line: startLine, start, end });
      }
    }
    return {
      bytes,
      quote,
      rows,
      stride,
      bounds,
      lines,
      lineCount: line - 1,
      ragged,
      hasNul: bytes.includes(0),
      kernel: undefined,
    };
  }

  #name(field: number): string {
    const name = this.columns[field];
    return name === undefined ? `field ${field + 1}` : `column ${name}`;
  }
}

/** The block, with a line end if it has none. */
function endedBlock(block: Uint8Array, lineEnd: number): Buffer {
  const { length } = block;
  const bytes = Buffer.from(block.buffer, block.byteOffset, length);
  return length === 0 || block[length - 1] === lineEnd ? bytes : Buffer.concat([bytes, Buffer.of(lineEnd)]);
}

function grown(array: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(needed, array.length * 2));
  larger.set(array);
  return larger;
}

function quoteInText(line: number, where: string): BlockError {
  return new BlockError(
    'data',
    'csv.quote',
    line,
    `${where} has a quote inside a field that does not start with one`,
    'Quote the whole field and double the quotes inside it, or set input.quote to the character that quotes fields.',
  );
}

function textAfterQuote(line: number, where: string): BlockError {
  return new BlockError(
    'data',
    'csv.quote',
    line,
    `${where} has text after its closing quote`,
    'Double the quotes inside a quoted field, or set input.delimiter and input.quote to what the file uses.',
  );
}

function unterminatedQuote(line: number, where: string): BlockError {
  return new BlockError(
    'input',
    'csv.unterminated_quote',
    line,
    `${where} opens a quote that is never closed`,
    'The file may have been cut short: check that its delivery is complete; if it is, look for a stray quote on that line.',
  );
}
