import type { Duplex } from 'node:stream';
import type pg from 'pg';

const COPY_DATA = 0x64;
/** Of a message before its contents: a letter, and its length without the letter. */
const HEADER_BYTES = 5;
/** CopyOutResponse, and what may come at any time: ParameterStatus, NoticeResponse, NotificationResponse. */
const BETWEEN_ROWS: readonly number[] = [0x48, 0x53, 0x4e, 0x41];

/** A server sends 8 KB at a time: left alone, each would be read by itself, at twice the cost. */
const GATHERING_MILLISECONDS = 1;
/** Bytes that may wait for their reader before the server has to. */
const READ_AHEAD_BYTES = 256 * 1024;

type Listener = (bytes: Buffer) => void;

/**
 * `COPY … TO STDOUT` as a query for pg: the contents of its messages, in the socket's own pieces. The server wraps every
 * row in a message; here none becomes an object, and what is not a row is left to pg, which tells of errors and of the
 * end. Read `pieces` once.
 */
export class CopyOut implements pg.Submittable {
  /** As the server counts them, once `pieces` has ended. */
  rowCount = 0;

  #stream: Duplex | undefined;
  /** pg's own, which was taken off the stream. */
  #listener: Listener | undefined;
  /** The start of a message whose rest has not come. */
  #begun: Buffer | undefined;
  /** Bytes to come of the row's message that is being read. */
  #left = 0;
  #queue: Buffer[] = [];
  #queued = 0;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(readonly text: string) {}

  /** For pg, when the connection is free. */
  submit(connection: pg.Connection): void {
    this.#stream = connection.stream;
    this.#listener = connection.stream.listeners('data')[0] as Listener;
    connection.stream.off('data', this.#listener).on('data', this.#take);
    connection.query(this.text);
  }

  /**
   * The bytes of the rows until the server has said that they were all. Throws what pg says of the connection or the query,
   * and the reason of `fail`.
   */
  async *pieces(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const pieces = this.#queue;
      this.#queue = [];
      this.#queued = 0;
      this.#stream?.resume();
      yield* pieces;
      if (this.#queue.length > 0) continue;
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Ends `pieces` with an error. The connection is of no use any more. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#wake?.();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.rowCount = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.#ended = true;
    this.#wake?.();
  }

  handleError(error: Error): void {
    this.#giveBack();
    this.fail(error);
  }

  readonly #take = (piece: Buffer): void => {
    const rows = this.#unwrap(this.#begun === undefined ? piece : Buffer.concat([this.#begun, piece]));
    if (rows.length === 0) return;
    this.#queue.push(rows);
    this.#queued += rows.length;
    this.#stream!.pause();
    setTimeout(this.#goOn, GATHERING_MILLISECONDS);
  };

  readonly #goOn = (): void => {
    if (this.#queued < READ_AHEAD_BYTES) this.#stream!.resume();
    this.#wake?.();
  };

  /** Moves the contents of the rows' messages together, at the start of the bytes they came in. */
  #unwrap(bytes: Buffer): Buffer {
    this.#begun = undefined;
    let at = 0;
    let filled = 0;
    while (at < bytes.length) {
      if (this.#left > 0) {
        const length = Math.min(this.#left, bytes.length - at);
        bytes.copyWithin(filled, at, at + length);
        filled += length;
        at += length;
        this.#left -= length;
        continue;
      }
      const end = at + HEADER_BYTES <= bytes.length ? at + 1 + bytes.readInt32BE(at + 1) : Infinity;
      const letter = bytes[at]!;
      if (end < Infinity && letter === COPY_DATA) {
        at += HEADER_BYTES;
        this.#left = end - at;
      } else if (end > bytes.length) {
        this.#begun = Buffer.from(bytes.subarray(at));
        break;
      } else if (BETWEEN_ROWS.includes(letter)) {
        this.#listener!(Buffer.from(bytes.subarray(at, end)));
        at = end;
      } else {
        // The rows are over, well or not: all that follows is pg's.
        const listener = this.#giveBack();
        listener?.(Buffer.from(bytes.subarray(at)));
        break;
      }
    }
    return bytes.subarray(0, filled);
  }

  #giveBack(): Listener | undefined {
    const listener = this.#listener;
    if (listener !== undefined) this.#stream!.off('data', this.#take).on('data', listener);
    this.#listener = undefined;
    this.#stream?.resume();
    return listener;
  }
}
