import {
  aligned,
  canShareNumbers,
  KernelMemory,
  MARGIN,
  NUMBERS,
  type Numbers,
  type NumberType,
} from '../kernel/memory.js';
import type { NumberKind } from './float-reader.js';
import type { KernelExports } from './kernel-exports.js';
import { KERNEL } from './kernel-module.js';
import { COUNT_BYTES, LENGTH_BYTES } from './tuples.js';

/** As `assembly/floats.ts` numbers them. */
const KINDS: Readonly<Record<NumberKind, number>> = {
  bool: 0,
  int2: 1,
  int4: 2,
  int8: 3,
  float4: 4,
  float8: 5,
  numeric: 6,
};

/** Fields that were found here: where they lie, until the next block. */
export interface KernelFields {
  readonly bytes: Buffer;
  readonly fields: Int32Array;
  readonly rows: number;
}

/** A column's values in all rows, and the rows whose value needs another look; valid until the next call. */
export interface KernelColumn<Values> {
  readonly values: Values;
  readonly odd: Int32Array;
}

/**
 * The decoder's inner loops as WebAssembly, with a memory of their own: tables of texts first, then the present block
 * with where its fields are, then room for one column's results. One for each decoder.
 */
export class Kernel {
  readonly #memory = new KernelMemory<KernelExports>(KERNEL);
  readonly #exports = this.#memory.exports;
  #block = 0;
  #fields = 0;
  #results = 0;
  #rows = 0;
  #stride = 0;

  /** Undefined on machines whose numbers are not little-endian, as WebAssembly's are. */
  static open(): Kernel | undefined {
    return canShareNumbers() ? new Kernel() : undefined;
  }

  /** Finds the fields of a block as `findFields` does; undefined where it is not whole tuples of so many columns. */
  findFields(block: Uint8Array, columns: number): KernelFields | undefined {
    const { length } = block;
    const most = Math.floor(length / (COUNT_BYTES + columns * LENGTH_BYTES));
    this.#block = this.#memory.base;
    this.#fields = aligned(this.#block + length + MARGIN);
    // A last tuple that is cut short may still have some of its fields.
    this.#results = aligned(this.#fields + (most + 1) * columns * 4);
    // Whatever a column gives: what stands for NULL, numbers of 8 bytes and row numbers of 4; or keys with their
    // offsets, and the rows that are left out.
    this.#memory.reserve(this.#results + Math.max(most * 12, length + most * 8) + 4 * MARGIN);
    const { buffer } = this.#memory;
    new Uint8Array(buffer).set(block, this.#block);
    const rows = this.#exports.findFields(this.#block, length, columns, this.#fields);
    if (rows < 0) return undefined;
    this.#rows = rows;
    this.#stride = columns * 4;
    return {
      bytes: Buffer.from(buffer, this.#block, length),
      fields: new Int32Array(buffer, this.#fields, rows * columns),
      rows,
    };
  }

  /** The rows of the present block in which a column is NULL; valid until the next call. */
  nulls(column: number): Int32Array {
    const found = this.#results;
    const count = this.#exports.nulls(this.#block, this.#field(column), this.#stride, this.#rows, found);
    return new Int32Array(this.#memory.buffer, found, count);
  }

  /** Reads a column of the present block as numbers. Without `fill`, NULLs are odd. */
  numbers(
    kind: NumberKind,
    type: NumberType,
    column: number,
    fill: number | bigint | undefined,
  ): KernelColumn<Numbers> {
    const { make, read, width } = NUMBERS[type];
    const out = this.#results + MARGIN;
    const odd = aligned(out + this.#rows * width);
    const { buffer } = this.#memory;
    if (fill !== undefined) new make(buffer, this.#results, 1)[0] = fill;
    const count = this.#exports[read](
      KINDS[kind],
      this.#block,
      this.#field(column),
      this.#stride,
      this.#rows,
      fill === undefined ? 0 : this.#results,
      out,
      odd,
    );
    return { values: new make(buffer, out, this.#rows), odd: new Int32Array(buffer, odd, count) };
  }

  /** Reads a column of booleans of the present block. Without `fill`, NULLs are odd. */
  bools(column: number, fill: number | undefined): KernelColumn<Uint8Array> {
    const out = this.#results + MARGIN;
    const odd = aligned(out + this.#rows);
    const { buffer } = this.#memory;
    if (fill !== undefined) new Uint8Array(buffer, this.#results, 1)[0] = fill;
    const count = this.#exports.bools(
      this.#block,
      this.#field(column),
      this.#stride,
      this.#rows,
      fill === undefined ? 0 : this.#results,
      out,
      odd,
    );
    return { values: new Uint8Array(buffer, out, this.#rows), odd: new Int32Array(buffer, odd, count) };
  }

  /** Makes a table of texts; before the first block only. Returns what names it. */
  table(): number {
    return this.#memory.table();
  }

  /**
   * The codes of a column's values in the present block, valid until the next call of another method. For each value
   * that the table does not have, and for NULL without a code, `unknown` says the code of the row's, and whether the
   * table is to know it.
   */
  codes(
    table: number,
    column: number,
    nullCode: number | undefined,
    unknown: (row: number) => { readonly code: number; readonly keep: boolean },
  ): Int32Array {
    const { texts, addText } = this.#exports;
    const { buffer } = this.#memory;
    const codes = new Int32Array(buffer, this.#results, this.#rows);
    const bytes = new DataView(buffer, this.#block);
    const fields = new Int32Array(buffer, this.#field(column));
    for (let row = 0; row < this.#rows; row++) {
      row = texts(
        this.#block,
        this.#field(column),
        this.#stride,
        this.#rows,
        nullCode ?? -1,
        table,
        this.#results,
        row,
      );
      if (row === this.#rows) break;
      const { code, keep } = unknown(row);
      codes[row] = code;
      const at = fields[(row * this.#stride) / 4]!;
      if (keep) addText(table, this.#block + at + LENGTH_BYTES, bytes.getInt32(at), code);
    }
    return codes;
  }

  /**
   * The fields of a column of the present block, one after the other, without the rows `skipped` (ascending); without
   * the spaces at their ends if they are `padded`. Undefined where one is NULL.
   */
  keys(
    column: number,
    padded: boolean,
    skipped: readonly number[],
  ): { readonly bytes: Uint8Array; readonly offsets: Int32Array } | undefined {
    const kept = this.#rows - skipped.length;
    const skips = this.#results;
    const offsets = aligned(skips + skipped.length * 4);
    const out = aligned(offsets + (kept + 1) * 4);
    const { buffer } = this.#memory;
    new Int32Array(buffer, skips, skipped.length).set(skipped);
    const length = this.#exports.copyKeys(
      this.#block,
      this.#field(column),
      this.#stride,
      this.#rows,
      Number(padded),
      skips,
      skipped.length,
      out,
      offsets,
    );
    if (length < 0) return undefined;
    return {
      bytes: new Uint8Array(buffer, out, length).slice(),
      offsets: new Int32Array(buffer, offsets, kept + 1).slice(),
    };
  }

  /** The address of where a column's field is in the first row. */
  #field(column: number): number {
    return this.#fields + column * 4;
  }
}
