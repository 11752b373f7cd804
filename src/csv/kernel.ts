import { aligned, canShareNumbers, KernelMemory, MARGIN } from '../kernel/memory.js';
import type { Dialect } from './dialect.js';
import { KERNEL } from './kernel-module.js';
import { type Exports, KernelRows } from './kernel-rows.js';

/** A block that was split here: where it lies, until the next one. */
export interface KernelBlock {
  readonly bytes: Buffer;
  readonly bounds: Int32Array;
  readonly lines: Int32Array;
  readonly rows: number;
  readonly lineCount: number;
  readonly kernel: KernelRows;
}

/**
 * The decoder's inner loops as WebAssembly, with a memory of their own: tables of texts first, then the present block
 * with its bounds and lines, then room for one column's results. One for each decoder.
 */
export class Kernel {
  readonly #memory = new KernelMemory<Exports>(KERNEL);
  readonly #exports = this.#memory.exports;

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
    const start = this.#memory.base;
    const bounds = aligned(start + length + MARGIN);
    const starts = bounds + most * (columns + 1) * 4;
    const results = aligned(starts + most * 4);
    this.#memory.reserve(results);

    const memory = new Uint8Array(this.#memory.buffer);
    memory.set(block, start);
    if (!ended) memory[start + block.length] = lineEnd;
    const rows = this.#exports.split(start, length, delimiter, quote, lineEnd, columns, bounds, starts);
    if (rows < 0) return undefined;
    // What a column may give at most: a code, a row number and an end for each text, and the texts.
    this.#memory.reserve(results + rows * 12 + length + 4 * MARGIN);
    const { buffer } = this.#memory;
    return {
      bytes: Buffer.from(buffer, start, length),
      bounds: new Int32Array(buffer, bounds, rows * (columns + 1)),
      lines: new Int32Array(buffer, starts, rows),
      rows,
      lineCount: this.#exports.lines(),
      kernel: new KernelRows(this.#memory, quote, {
        start,
        bounds,
        stride: (columns + 1) * 4,
        results,
        rows,
      }),
    };
  }

  /** Makes a table of texts; before the first block only. Returns what names it. */
  table(): number {
    return this.#memory.table();
  }
}
