import {
  aligned,
  type CommonExports,
  type KernelMemory,
  NUMBERS,
  type Numbers,
  type NumberType,
} from '../kernel/memory.js';

/** What `assembly/kernel.ts` exports; addresses and lengths are in bytes. */
export interface Exports extends CommonExports {
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
  readonly texts: ReadColumn<[table: number, codes: number, from: number]>;
  readonly knownTexts: ReadColumn<[table: number, codes: number, unknown: number, ends: number, out: number]>;
  readonly copiedBytes: () => number;
  readonly copyKeys: ReadColumn<[out: number, offsets: number]>;
}

/** A loop over one column: the address of its bound in the first row, and the bytes from row to row. */
type ReadColumn<More extends number[]> = (
  bytes: number,
  bound: number,
  stride: number,
  rows: number,
  quote: number,
  ...more: More
) => number;

type ReadNumbers = ReadColumn<[out: number, odd: number]>;

/** Where rows lie in the memory; addresses and lengths are in bytes. */
interface Place {
  /** Of their block: what bounds count from. */
  readonly start: number;
  readonly bounds: number;
  /** From one row's bounds to the next one's. */
  readonly stride: number;
  /** Room for one column's results. */
  readonly results: number;
  readonly rows: number;
}

/** The codes of a column's texts, and the texts that have none. */
export interface KnownTexts {
  /** Of every row; -1 for an unknown text. */
  readonly codes: Int32Array;
  /** The rows of the unknown texts, ascending. */
  readonly unknown: Int32Array;
  /** The unknown texts, one after the other, doubled quotes as they are, and where each ends. */
  readonly texts: string;
  readonly ends: Int32Array;
}

/** Rows of the block that was split last, whose columns it reads. */
export class KernelRows {
  readonly #memory: KernelMemory<Exports>;
  readonly #quote: number;
  readonly #place: Place;

  constructor(memory: KernelMemory<Exports>, quote: number, place: Place) {
    this.#memory = memory;
    this.#quote = quote;
    this.#place = place;
  }

  /** Rows [from, to) of them. */
  subarray(from: number, to: number): KernelRows {
    const { bounds, stride } = this.#place;
    return new KernelRows(this.#memory, this.#quote, {
      ...this.#place,
      bounds: bounds + from * stride,
      rows: to - from,
    });
  }

  /**
   * Reads a column as numbers.
   *
   * @returns the numbers of all rows, and the rows whose number needs another look; valid until the next call
   */
  numbers(type: NumberType, column: number): { readonly values: Numbers; readonly odd: Int32Array } {
    const { make, read, width } = NUMBERS[type];
    const odd = aligned(this.#place.results + this.#place.rows * width);
    const count = this.#memory.exports[read](
      this.#place.start,
      this.#place.bounds + column * 4,
      this.#place.stride,
      this.#place.rows,
      this.#quote,
      this.#place.results,
      odd,
    );
    const { buffer } = this.#memory;
    return {
      values: new make(buffer, this.#place.results, this.#place.rows),
      odd: new Int32Array(buffer, odd, count),
    };
  }

  /**
   * The codes of a column's texts, valid until the next call of another method. For each text
   * that the table does not have, `unknown` says the code of the row's, and whether the table is to know it.
   */
  codes(
    table: number,
    column: number,
    unknown: (row: number) => { readonly code: number; readonly keep: boolean },
  ): Int32Array {
    const { texts, addText } = this.#memory.exports;
    const codes = new Int32Array(this.#memory.buffer, this.#place.results, this.#place.rows);
    const bound = this.#place.bounds + column * 4;
    for (let row = 0; row < this.#place.rows; row++) {
      row = texts(
        this.#place.start,
        bound,
        this.#place.stride,
        this.#place.rows,
        this.#quote,
        table,
        this.#place.results,
        row,
      );
      if (row === this.#place.rows) break;
      const { code, keep } = unknown(row);
      codes[row] = code;
      if (!keep) continue;
      const [start, length] = this.#content(row, column);
      addText(table, start, length, code);
    }
    return codes;
  }

  /**
   * The codes of a column's texts as far as the table has them; the others are made into one string, which takes a
   * fraction of the time that a string for each does. Valid until the next call.
   */
  knownCodes(table: number, column: number): KnownTexts {
    const { start, bounds, stride, rows, results } = this.#place;
    const { knownTexts, copiedBytes } = this.#memory.exports;
    const unknown = aligned(results + rows * 4);
    const ends = aligned(unknown + rows * 4);
    const out = aligned(ends + rows * 4);
    const count = knownTexts(
      start,
      bounds + column * 4,
      stride,
      rows,
      this.#quote,
      table,
      results,
      unknown,
      ends,
      out,
    );
    const { buffer } = this.#memory;
    const found = new Int32Array(buffer, ends, count);
    const bytes = Buffer.from(buffer, out, copiedBytes());
    // Where every byte is a unit, they are all ASCII.
    const ascii = count === 0 || found[count - 1] === bytes.length;
    return {
      codes: new Int32Array(buffer, results, rows),
      unknown: new Int32Array(buffer, unknown, count),
      texts: bytes.toString(ascii ? 'latin1' : 'utf8'),
      ends: found,
    };
  }

  /** The fields of a column, one after the other; undefined where one is empty or has quotes inside. */
  keys(column: number): { readonly bytes: Uint8Array; readonly offsets: Int32Array } | undefined {
    const offsets = this.#place.results;
    const out = aligned(offsets + (this.#place.rows + 1) * 4);
    const length = this.#memory.exports.copyKeys(
      this.#place.start,
      this.#place.bounds + column * 4,
      this.#place.stride,
      this.#place.rows,
      this.#quote,
      out,
      offsets,
    );
    if (length < 0) return undefined;
    const { buffer } = this.#memory;
    return {
      bytes: new Uint8Array(buffer, out, length).slice(),
      offsets: new Int32Array(buffer, offsets, this.#place.rows + 1).slice(),
    };
  }

  #content(row: number, column: number): [start: number, length: number] {
    const { buffer } = this.#memory;
    const [start, next] = new Int32Array(
      buffer,
      this.#place.bounds + row * this.#place.stride + column * 4,
      2,
    );
    const address = this.#place.start + start!;
    const length = next! - 1 - start!;
    const quoted = new Uint8Array(buffer, address, 1)[0] === this.#quote;
    return quoted ? [address + 1, length - 2] : [address, length];
  }
}
