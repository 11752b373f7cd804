import {
  aligned,
  canShareNumbers,
  type CommonExports,
  KernelMemory,
  MARGIN,
  NUMBERS,
  type Numbers,
  type NumberType,
} from '../kernel/memory.js';
import type { Dialect } from './dialect.js';
import { KERNEL } from './kernel-module.js';

/** What `assembly/kernel.ts` exports; addresses and lengths are in bytes. */
interface Exports extends CommonExports {
  readonly split: (
    bytes: number,
    length: number,
    delimiter: number,
    quote: number,
    lineEnd: number,
    columns: number,
    bounds: number,
    starts: number,
  ) => number;
  readonly lines: () => number;
  readonly lastRecordEnd: (
    bytes: number,
    length: number,
    delimiter: number,
    quote: number,
    lineEnd: number,
    from: number,
  ) => number;
  readonly place: () => number;
  readonly float32s: ReadNumbers;
  readonly float64s: ReadNumbers;
  readonly int32s: ReadNumbers;
  readonly int64s: ReadNumbers;
  readonly texts: (
    bytes: number,
    bound: number,
    stride: number,
    rows: number,
    quote: number,
    table: number,
    codes: number,
    from: number,
  ) => number;
  readonly copyKeys: (
    bytes: number,
    bound: number,
    stride: number,
    rows: number,
    quote: number,
    out: number,
    offsets: number,
  ) => number;
}

type ReadNumbers = (
  bytes: number,
  bound: number,
  stride: number,
  rows: number,
  quote: number,
  out: number,
  odd: number,
) => number;

/** A block that was split here: where it lies, until the next one. */
export interface KernelBlock {
  readonly bytes: Buffer;
  readonly bounds: Int32Array;
  readonly lines: Int32Array;
  readonly rows: number;
  readonly lineCount: number;
}

/**
 * The decoder's inner loops as WebAssembly, with a memory of their own: tables of texts first, then the present block
 * with its bounds and lines, then room for one column's results. One for each decoder.
 */
export class Kernel {
  readonly #memory = new KernelMemory<Exports>(KERNEL);
  readonly #exports = this.#memory.exports;
  #block = 0;
  #bounds = 0;
  #results = 0;
  #rows = 0;
  #stride = 0;

  /** Undefined on machines whose numbers are not little-endian, as WebAssembly's are. */
  static open(quote: number): Kernel | undefined {
    return canShareNumbers() ? new Kernel(quote) : undefined;
  }

  private constructor(readonly quote: number) {}

  /**
   * The end of the last record that ends in a piece of a stream, -1 for none, and where the byte behind the piece
   * stands; `from` is where its first byte does. The places are those of `RecordCutter`.
   */
  lastRecordEnd(
    piece: Uint8Array,
    { delimiter, quote, lineEnd }: Dialect,
    from: number,
  ): { readonly end: number; readonly place: number } {
    const { base } = this.#memory;
    this.#memory.reserve(base + piece.length);
    new Uint8Array(this.#memory.buffer).set(piece, base);
    const end = this.#exports.lastRecordEnd(base, piece.length, delimiter, quote, lineEnd, from);
    return { end, place: this.#exports.place() };
  }

  /** Splits a block as `RecordSplitter` does; undefined where it has a ragged record or a quote that is amiss. */
  split(block: Uint8Array, { delimiter, quote, lineEnd }: Dialect, columns: number): KernelBlock | undefined {
    if (block.length === 0) return undefined;
    const ended = block.at(-1) === lineEnd;
    const length = block.length + (ended ? 0 : 1);
    // A record of so many columns has as many bytes at least.
    const most = Math.floor(length / columns) + 1;
    this.#block = this.#memory.base;
    this.#bounds = aligned(this.#block + length + MARGIN);
    const starts = this.#bounds + most * (columns + 1) * 4;
    this.#results = aligned(starts + most * 4);
    this.#memory.reserve(this.#results);

    const memory = new Uint8Array(this.#memory.buffer);
    memory.set(block, this.#block);
    if (!ended) memory[this.#block + block.length] = lineEnd;
    const rows = this.#exports.split(
      this.#block,
      length,
      delimiter,
      quote,
      lineEnd,
      columns,
      this.#bounds,
      starts,
    );
    if (rows < 0) return undefined;
    this.#rows = rows;
    this.#stride = (columns + 1) * 4;
    // Whatever a column gives: numbers of 8 bytes and row numbers of 4, or keys and their offsets.
    this.#memory.reserve(this.#results + Math.max(rows * 12, length + rows * 4) + 4 * MARGIN);
    const { buffer } = this.#memory;
    return {
      bytes: Buffer.from(buffer, this.#block, length),
      bounds: new Int32Array(buffer, this.#bounds, rows * (columns + 1)),
      lines: new Int32Array(buffer, starts, rows),
      rows,
      lineCount: this.#exports.lines(),
    };
  }

  /**
   * Reads a column of the present block as numbers.
   *
   * @returns the numbers of all rows, and the rows whose number needs another look; valid until the next call
   */
  numbers(type: NumberType, column: number): { readonly values: Numbers; readonly odd: Int32Array } {
    const { make, read, width } = NUMBERS[type];
    const odd = aligned(this.#results + this.#rows * width);
    const count = this.#exports[read](
      this.#block,
      this.#bounds + column * 4,
      this.#stride,
      this.#rows,
      this.quote,
      this.#results,
      odd,
    );
    const { buffer } = this.#memory;
    return {
      values: new make(buffer, this.#results, this.#rows),
      odd: new Int32Array(buffer, odd, count),
    };
  }

  /** Makes a table of texts; before the first block only. Returns what names it. */
  table(): number {
    return this.#memory.table();
  }

  /**
   * The codes of a column's texts in the present block, valid until the next call of another method. For each text
   * that the table does not have, `unknown` says the code of the row's, and whether the table is to know it.
   */
  codes(
    table: number,
    column: number,
    unknown: (row: number) => { readonly code: number; readonly keep: boolean },
  ): Int32Array {
    const { texts, addText } = this.#exports;
    const codes = new Int32Array(this.#memory.buffer, this.#results, this.#rows);
    const bound = this.#bounds + column * 4;
    for (let row = 0; row < this.#rows; row++) {
      row = texts(this.#block, bound, this.#stride, this.#rows, this.quote, table, this.#results, row);
      if (row === this.#rows) break;
      const { code, keep } = unknown(row);
      codes[row] = code;
      if (!keep) continue;
      const [start, length] = this.#content(row, column);
      addText(table, start, length, code);
    }
    return codes;
  }

  /** The fields of a column of the present block, one after the other; undefined where one is empty or has quotes inside. */
  keys(column: number): { readonly bytes: Uint8Array; readonly offsets: Int32Array } | undefined {
    const offsets = this.#results;
    const out = aligned(offsets + (this.#rows + 1) * 4);
    const length = this.#exports.copyKeys(
      this.#block,
      this.#bounds + column * 4,
      this.#stride,
      this.#rows,
      this.quote,
      out,
      offsets,
    );
    if (length < 0) return undefined;
    const { buffer } = this.#memory;
    return {
      bytes: new Uint8Array(buffer, out, length).slice(),
      offsets: new Int32Array(buffer, offsets, this.#rows + 1).slice(),
    };
  }

  #content(row: number, column: number): [start: number, length: number] {
    const { buffer } = this.#memory;
    const [start, next] = new Int32Array(buffer, this.#bounds + row * this.#stride + column * 4, 2);
    const address = this.#block + start!;
    const length = next! - 1 - start!;
    const quoted = new Uint8Array(buffer, address, 1)[0] === this.quote;
    return quoted ? [address + 1, length - 2] : [address, length];
  }
}
