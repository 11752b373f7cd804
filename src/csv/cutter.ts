import { PredawnError } from '../domain/errors.js';
import type { Dialect } from './dialect.js';
import { Kernel } from './kernel.js';

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
  /** Undefined: the loops in TypeScript alone, which say what is right; opened where it is not given. */
  readonly kernel?: Kernel | undefined;
}

/**
 * Cuts a stream of CSV bytes into blocks of whole records, each at the start of an ArrayBuffer of its own.
 *
 * A block has as many whole records as fit into `blockBytes`, or one that is longer: the cuts depend on the bytes
 * alone, not on the pieces they come in. Holds one block, or the longest record so far, in memory. Faulty quotes are
 * left to the decoder, which can say on what line they are.
 */
export class RecordCutter {
  readonly #options: CutterOptions;
  readonly #longest: number;
  readonly #unquoted: number[] = [];
  readonly #kernel: Kernel | undefined;
  /** Bytes [0, #length) are not yet in a block, and scanned. */
  #buffer: Buffer<ArrayBuffer>;
  #length = 0;
  /** End of the last whole record in the buffer. */
  #whole = 0;
  #place = FIELD_START;
  #cut: number;
  /** Of blocks that were given back; each has room for a block, and no more. */
  readonly #spare: ArrayBuffer[] = [];

  constructor(options: CutterOptions) {
    this.#options = options;
    this.#kernel = 'kernel' in options ? options.kernel : Kernel.open(options.dialect.quote);
    this.#longest = Math.max(options.longestRecord ?? LONGEST_RECORD, options.blockBytes);
    this.#buffer = ownBuffer(options.blockBytes);
    this.#cut = options.firstByte ?? 0;
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
        const end = this.#recordEnd(chunk, from, to, 'last');
        if (end !== -1) this.#whole = this.#length + end - from;
        this.#append(chunk, from, to);
        from = to;
      } else {
        const end = this.#recordEnd(chunk, from, chunk.length, 'first');
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

  /**
   * Takes back the memory of a block that nobody reads any more: fresh memory costs the machine more than what is
   * copied into it.
   */
  readonly giveBack = (memory: ArrayBuffer): void => {
    if (memory.byteLength === this.#options.blockBytes) this.#spare.push(memory);
  };

  #append(chunk: Buffer, from: number, to: number): void {
    const needed = this.#length + to - from;
    if (needed > this.#buffer.length) {
      if (needed > this.#longest) throw this.#tooLong();
      const larger = ownBuffer(Math.min(this.#longest, Math.max(needed, this.#buffer.length * 2)));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    chunk.copy(this.#buffer, this.#length, from, to);
    this.#length = needed;
  }

  /** Hands the buffer over as a block; what is behind it begins the next one. */
  #take(length: number): Uint8Array<ArrayBuffer> {
    const rest = this.#length - length;
    const block = new Uint8Array(this.#buffer.buffer, 0, length);
    // What is left is less than a block: each is taken as soon as there is one.
    const spare = this.#spare.pop();
    const next = spare === undefined ? ownBuffer(this.#options.blockBytes) : Buffer.from(spare);
    this.#buffer.copy(next, 0, length, this.#length);
    this.#buffer = next;
    this.#length = rest;
    this.#whole = 0;
    this.#cut += length;
    return block;
  }

  /** The end of the last record that ends in [from, to), or of the first (then scanning stops there); -1 for none. */
  #recordEnd(chunk: Buffer, from: number, to: number, which: 'first' | 'last'): number {
    const { dialect } = this.#options;
    if (which === 'last' && this.#place !== QUOTED && !holds(chunk, dialect.quote, from, to))
      return this.#lastLineEnd(chunk, from, to);
    if (which === 'last' && this.#kernel !== undefined) {
      const { end, place } = this.#kernel.lastRecordEnd(chunk.subarray(from, to), dialect, this.#place);
      this.#place = place;
      return end === -1 ? -1 : from + end;
    }
    const { delimiter, quote, lineEnd } = dialect;
    // Starts and ends of what is outside quotes: only there does a line end end a record.
    const unquoted = this.#unquoted;
    unquoted.length = 0;
    let place = this.#place;
    let at = from;
    while (at < to) {
      if (place === QUOTED) {
        at = find(chunk, quote, at, to);
        if (at === to) break;
        at++;
        place = AFTER_QUOTE;
        continue;
      }
      if (place === AFTER_QUOTE && chunk[at] === quote) {
        at++;
        place = QUOTED;
        continue;
      }
      const start = at;
      at = find(chunk, quote, start, to);
      while (at < to && !(at === start ? place === FIELD_START : endsField(chunk[at - 1]!))) {
        at = find(chunk, quote, at + 1, to);
      }
      if (which === 'first') {
        const end = find(chunk, lineEnd, start, at);
        if (end < at) {
          this.#place = FIELD_START;
          return end + 1;
        }
      } else {
        unquoted.push(start, at);
      }
      place = at < to ? QUOTED : endsField(chunk[to - 1]!) ? FIELD_START : TEXT;
      at++;
    }
    this.#place = place;
    for (let region = unquoted.length - 2; region >= 0; region -= 2) {
      const start = unquoted[region]!;
      const found = chunk.subarray(start, unquoted[region + 1]).lastIndexOf(lineEnd);
      if (found !== -1) return start + found + 1;
    }
    return -1;

    function endsField(byte: number): boolean {
      return byte === delimiter || byte === lineEnd;
    }
  }

  /** As `#recordEnd` in bytes without a quote, outside of quotes: most input has none, and need not be looked through. */
  #lastLineEnd(chunk: Buffer, from: number, to: number): number {
    const { delimiter, lineEnd } = this.#options.dialect;
    const last = chunk[to - 1];
    this.#place = last === delimiter || last === lineEnd ? FIELD_START : TEXT;
    const found = chunk.subarray(from, to).lastIndexOf(lineEnd);
    return found === -1 ? -1 : from + found + 1;
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

/** Memory that is not shared with other buffers, and not filled with zeros first. */
function ownBuffer(size: number): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(size);
}

/** Whether a byte is in [from, to); none is above 255. */
function holds(chunk: Buffer, byte: number, from: number, to: number): boolean {
  return byte <= 255 && chunk.subarray(from, to).includes(byte);
}

/** Fields are short: so far it is faster to look at each byte than to call `indexOf`. */
const LOOKED_AT = 24;

/** The first place of a byte in [from, to), or `to`. */
function find(chunk: Buffer, byte: number, from: number, to: number): number {
  const near = Math.min(to, from + LOOKED_AT);
  for (let at = from; at < near; at++) if (chunk[at] === byte) return at;
  if (near === to || byte > 255) return to;
  const found = chunk.indexOf(byte, near);
  return found === -1 ? to : Math.min(found, to);
}
