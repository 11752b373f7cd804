import { PredawnError } from '../domain/errors.js';
import type { Dialect } from './dialect.js';

/** Longest record in bytes, unless the cutter is told otherwise. */
const LONGEST_RECORD = 64 * 1024 * 1024;

/** Where in its record the next byte stands. */
const FIELD_START = 0;
const TEXT = 1;
const QUOTED = 2;
/** After a quote in a quoted field: behind the field's end, or between two quotes that mean one. */
const AFTER_QUOTE = 3;

export interface CutterOptions {
  readonly dialect: Dialect;
  readonly blockBytes: number;
  /** For messages. */
  readonly location: string;
  /** Bytes of the input before the first pushed one, for messages. */
  readonly firstByte?: number;
  readonly longestRecord?: number;
}

/**
 * Cuts a stream of CSV bytes into blocks of whole records, each in an ArrayBuffer of exactly its size.
 *
 * A block has as many whole records as fit into `blockBytes`, or one that is longer: the cuts depend on the bytes
 * alone, not on the pieces they come in. Holds one block, or the longest record so far, in memory. Faulty quotes are
 * left to the decoder, which can say on what line they are.
 */
export class RecordCutter {
  readonly #options: CutterOptions;
  readonly #longest: number;
  /** 1 for bytes that mean something in an unquoted field. */
  readonly #stops = new Uint8Array(256);
  /** Bytes [0, #length) are not yet in a block, and scanned. */
  #buffer: Buffer<ArrayBuffer>;
  #length = 0;
  /** End of the last whole record in the buffer. */
  #whole = 0;
  #place = FIELD_START;
  #cut: number;

  constructor(options: CutterOptions) {
    this.#options = options;
    this.#longest = Math.max(options.longestRecord ?? LONGEST_RECORD, options.blockBytes);
    this.#buffer = Buffer.alloc(options.blockBytes);
    this.#cut = options.firstByte ?? 0;
    const { delimiter, quote, lineEnd } = options.dialect;
    for (const byte of [delimiter, quote, lineEnd]) if (byte < 256) this.#stops[byte] = 1;
  }

  /**
   * Takes the next bytes and yields the blocks that are complete with them; take all of those before the next push.
   * Throws kind `data`, code `csv.record_too_long`.
   */
  *push(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
    const { blockBytes } = this.#options;
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let from = 0;
    while (from < chunk.length) {
      if (this.#length < blockBytes) {
        const to = Math.min(chunk.length, from + blockBytes - this.#length);
        const end = this.#lastRecordEnd(chunk, from, to);
        if (end !== -1) this.#whole = this.#length + end - from;
        this.#append(chunk, from, to);
        from = to;
      } else {
        const end = this.#scan(chunk, from, chunk.length, true);
        const to = end === -1 ? chunk.length : end;
        this.#append(chunk, from, to);
        if (end !== -1) this.#whole = this.#length;
        from = to;
      }
      if (this.#length >= blockBytes && this.#whole > 0) yield this.#take(this.#whole);
    }
  }

  /** The last block, if any bytes are left; of it, the bytes of a last record that has no line end. */
  end(): { block: Uint8Array<ArrayBuffer> | undefined; unended: Uint8Array | undefined } {
    const whole = this.#whole;
    if (this.#length === 0) return { block: undefined, unended: undefined };
    const block = this.#take(this.#length);
    return { block, unended: whole < block.length ? block.subarray(whole) : undefined };
  }

  #append(chunk: Buffer, from: number, to: number): void {
    const needed = this.#length + to - from;
    if (needed > this.#buffer.length) {
      if (needed > this.#longest) throw this.#tooLong();
      const larger = Buffer.alloc(Math.min(this.#longest, Math.max(needed, this.#buffer.length * 2)));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length, from, to);
    this.#length = needed;
  }

  #take(length: number): Uint8Array<ArrayBuffer> {
    const block = new Uint8Array(length);
    block.set(this.#buffer.subarray(0, length));
    this.#buffer.copyWithin(0, length, this.#length);
    this.#length -= length;
    this.#whole = 0;
    this.#cut += length;
    return block;
  }

  #lastRecordEnd(chunk: Buffer, from: number, to: number): number {
    const { delimiter, quote, lineEnd } = this.#options.dialect;
    const part = chunk.subarray(from, to);
    if (this.#place >= QUOTED || (quote < 256 && part.includes(quote)))
      return this.#scan(chunk, from, to, false);
    const last = part.at(-1);
    this.#place = last === delimiter || last === lineEnd ? FIELD_START : TEXT;
    const found = part.lastIndexOf(lineEnd);
    return found === -1 ? -1 : from + found + 1;
  }

  /** The end of the last record that ends in [from, to), or of the first (then scanning stops there); -1 for none. */
  #scan(chunk: Buffer, from: number, to: number, first: boolean): number {
    const { delimiter, quote, lineEnd } = this.#options.dialect;
    const stops = this.#stops;
    let place = this.#place;
    let found = -1;
    let at = from;
    while (at < to) {
      if (place === QUOTED) {
        while (at < to && chunk[at] !== quote) at++;
        if (at === to) break;
        at++;
        place = AFTER_QUOTE;
        continue;
      }
      const byte = chunk[at++];
      if (byte === lineEnd) {
        found = at;
        place = FIELD_START;
        if (first) break;
      } else if (byte === delimiter) {
        place = FIELD_START;
      } else if (byte === quote && place !== TEXT) {
        place = QUOTED;
      } else {
        place = TEXT;
        while (at < to && stops[chunk[at]!] === 0) at++;
      }
    }
    this.#place = place;
    return found;
  }

  #tooLong(): PredawnError {
    return new PredawnError(
      'data',
      'csv.record_too_long',
      `${this.#options.location}: the record that starts at byte ${this.#cut} is longer than ${this.#longest} bytes`,
      { hint: 'A quote there is probably never closed: look for a stray quote, or check input.quote.' },
    );
  }
}
