import { PredawnError } from '../domain/errors.js';
import { COUNT_BYTES, LENGTH_BYTES } from './tuples.js';

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** The signature, 32 bits of flags, and the length of an extension. */
const HEADER_BYTES = SIGNATURE.length + 8;
const TRAILER = -1;
/** Flags that change the format; the others may be ignored. */
const CRITICAL_FLAGS = 0xffff0000;

/**
 * Cuts a stream of `COPY … TO STDOUT (FORMAT binary)`, given in pieces of any size, into blocks of whole tuples, without
 * the header and the trailer. It copies each byte twice and holds one block and one piece at most.
 */
export class TupleCutter {
  #buffer = new Uint8Array(64 * 1024);
  #view = new DataView(this.#buffer.buffer);
  /** Bytes of the buffer that are filled. */
  #filled = 0;
  /** Whole tuples end here. */
  #whole = 0;
  #state: 'header' | 'tuples' | 'ended' = 'header';
  #rows = 0;

  constructor(
    readonly columns: number,
    readonly blockBytes: number,
  ) {}

  /** Tuples found so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Takes a piece and yields the blocks that it completes, each with an ArrayBuffer of its own. */
  *push(piece: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
    this.#append(piece);
    if (this.#state === 'header' && !this.#skipHeader()) return;
    let start = 0;
    while (this.#nextTuple()) {
      if (this.#whole - start < this.blockBytes) continue;
      yield this.#buffer.slice(start, this.#whole);
      start = this.#whole;
    }
    this.#drop(start);
  }

  /** The rest, after the last piece. Throws kind `input` if the trailer has not come. */
  *end(): Generator<Uint8Array<ArrayBuffer>> {
    if (this.#state !== 'ended' || this.#filled !== this.#whole) {
      throw new PredawnError(
        'input',
        'postgres.cut_short',
        'The rows of the query ended without the mark of their end',
        {
          hint: 'Look for a proxy between here and the server that cuts connections, then run it again.',
        },
      );
    }
    if (this.#whole > 0) yield this.#buffer.slice(0, this.#whole);
  }

  #append(piece: Uint8Array): void {
    const needed = this.#filled + piece.length;
    if (needed > this.#buffer.length) {
      const larger = new Uint8Array(Math.max(needed, this.#buffer.length * 2));
      larger.set(this.#buffer.subarray(0, this.#filled));
      this.#buffer = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#buffer.set(piece, this.#filled);
    this.#filled = needed;
  }

  /** Forgets the bytes before `start`. */
  #drop(start: number): void {
    this.#buffer.copyWithin(0, start, this.#filled);
    this.#filled -= start;
    this.#whole -= start;
  }

  #skipHeader(): boolean {
    if (this.#filled < HEADER_BYTES) return false;
    const signed = SIGNATURE.equals(this.#buffer.subarray(0, SIGNATURE.length));
    const flags = this.#view.getUint32(SIGNATURE.length);
    if (!signed || (flags & CRITICAL_FLAGS) !== 0) throw unreadable('the header is of another format');
    const length = HEADER_BYTES + this.#view.getUint32(SIGNATURE.length + 4);
    if (this.#filled < length) return false;
    this.#drop(length);
    this.#whole = 0;
    this.#state = 'tuples';
    return true;
  }

  /** Steps over a tuple, or over the trailer; false if it is not all there. */
  #nextTuple(): boolean {
    let at = this.#whole;
    const filled = this.#filled;
    if (this.#state === 'ended') {
      if (at < filled) throw unreadable('there are bytes after the end');
      return false;
    }
    if (at + COUNT_BYTES > filled) return false;
    const count = this.#view.getInt16(at);
    if (count === TRAILER) {
      this.#state = 'ended';
      // The trailer is no part of a block; only bytes that should not be there can follow it.
      this.#filled -= COUNT_BYTES;
      if (at < this.#filled) throw unreadable('there are bytes after the end');
      return false;
    }
    if (count !== this.columns) throw unreadable(`a row has ${count} columns in place of ${this.columns}`);
    at += COUNT_BYTES;
    for (let column = 0; column < count; column++) {
      if (at + LENGTH_BYTES > filled) return false;
      const length = this.#view.getInt32(at);
      at += length > 0 ? LENGTH_BYTES + length : LENGTH_BYTES;
    }
    if (at > filled) return false;
    this.#whole = at;
    this.#rows++;
    return true;
  }
}

function unreadable(problem: string): PredawnError {
  return new PredawnError('input', 'postgres.format', `The server's binary rows can't be read: ${problem}`, {
    hint: 'Check that the URL names a PostgreSQL server, version 14 or later.',
  });
}
