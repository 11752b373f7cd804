import { createHash } from 'node:crypto';
import type pg from 'pg';
import copyStreams from 'pg-copy-streams';

/** Signature, flags and extension length of a binary COPY file; its end is a tuple of -1 fields. */
const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);

/** One running `COPY … FROM STDIN (FORMAT binary)`. The connection is taken until `end`, or until it is closed. */
export class CopyWriter {
  readonly #stream: copyStreams.CopyStreamQuery;
  readonly #hash = createHash('sha256');
  #error: Error | undefined;

  constructor(client: pg.Client, statement: string) {
    this.#stream = client.query(copyStreams.from(statement));
    // The server or the connection may end the COPY while nobody waits: the next call finds it.
    this.#stream.on('error', (error) => {
      this.#error ??= error;
    });
    this.#stream.write(HEADER);
  }

  /** Resolves when the next payload may come. */
  async write(payload: Uint8Array): Promise<void> {
    this.#hash.update(payload);
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    await this.#unlessItFails((done) => this.#stream.write(bytes, done));
  }

  /** Ends the COPY; returns how many rows the server took, and the digest of all payloads. */
  async end(): Promise<{ readonly rows: number; readonly digest: string }> {
    await this.#unlessItFails((done) => this.#stream.end(TRAILER, done));
    return { rows: this.#stream.rowCount, digest: `sha256:${this.#hash.digest('hex')}` };
  }

  /** Stops a COPY that has not ended: the server drops its rows, and the connection is free again. */
  async cancel(): Promise<void> {
    if (this.#stream.closed || this.#stream.writableFinished || this.#error !== undefined) return;
    await new Promise<void>((resolve) => {
      this.#stream.once('close', resolve);
      this.#stream.destroy();
    });
  }

  #unlessItFails(start: (done: (error?: Error | null) => void) => unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#error !== undefined) {
        reject(this.#error);
        return;
      }
      this.#stream.once('error', reject);
      start((error) => {
        this.#stream.off('error', reject);
        if (error) reject(error);
        else resolve();
      });
    });
  }
}
