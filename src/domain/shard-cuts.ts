import { createHash, type Hash } from 'node:crypto';
import type { Shard } from './shards.js';

/**
 * Cuts inputs whose size is not known before they are read, in one pass and in bounded memory. A source hands over
 * small record-aligned pieces, whose cuts depend on the bytes alone. Pieces are gathered into chunks, larger ones the
 * farther on they are; a shard is some chunks, and its digest that of theirs: so it can be made although nobody knows
 * where the shard will end, and made again by whoever reads that shard alone.
 */

/** About how many bytes a piece has. */
export const PIECE_BYTES = 4096;
/** A chunk is about this share of what lies before it: shards are even to that degree. */
const CHUNK_SHARE = 1 / 1024;

/** Some records, and what they are in the source's measure and in lines. */
export interface Extent {
  readonly length: number;
  readonly lines: number;
}

interface Chunk extends Extent {
  readonly bytes: number;
  readonly digest: Buffer;
}

/** Gathers pieces into chunks. */
class Chunks {
  #open: { bytes: number; length: number; lines: number; hash: Hash } | undefined;

  constructor(private position: number) {}

  add(piece: Uint8Array, { length, lines }: Extent): Chunk | undefined {
    const open = (this.#open ??= { bytes: 0, length: 0, lines: 0, hash: createHash('sha256') });
    open.hash.update(piece);
    open.bytes += piece.length;
    open.length += length;
    open.lines += lines;
    return open.bytes >= this.position * CHUNK_SHARE ? this.end() : undefined;
  }

  end(): Chunk | undefined {
    const open = this.#open;
    if (open === undefined) return undefined;
    this.#open = undefined;
    this.position += open.bytes;
    return { bytes: open.bytes, length: open.length, lines: open.lines, digest: open.hash.digest() };
  }
}

/** Plans shards from the pieces of a whole input. */
export class ShardPlanner {
  readonly #gathering = new Chunks(0);
  readonly #chunks: Chunk[] = [];

  /** Takes the next piece. */
  add(piece: Uint8Array, extent: Extent): void {
    this.#keep(this.#gathering.add(piece, extent));
  }

  /**
   * Ends the input and cuts it into `count` shards of about as many bytes. `start`: what comes before the first record.
   */
  end(count: number, start: Extent): readonly Shard[] {
    this.#keep(this.#gathering.end());
    const total = this.#chunks.reduce((sum, { bytes }) => sum + bytes, 0);
    const shards: Shard[] = [];
    let next = 0;
    let before = { ...start, bytes: 0 };
    for (let index = 0; index < count; index++) {
      const hash = createHash('sha256');
      const after = { ...before };
      // A chunk belongs to the shard that its first byte falls into.
      for (; next < this.#chunks.length && after.bytes * count < total * (index + 1); next++) {
        const { bytes, length, lines, digest } = this.#chunks[next]!;
        hash.update(digest);
        after.bytes += bytes;
        after.length += length;
        after.lines += lines;
      }
      shards.push({
        from: before.length,
        to: after.length,
        linesBefore: before.lines,
        bytesBefore: before.bytes,
        bytes: after.bytes - before.bytes,
        digest: `sha256:${hash.digest('hex')}`,
      });
      before = after;
    }
    return shards;
  }

  #keep(chunk: Chunk | undefined): void {
    if (chunk !== undefined) this.#chunks.push(chunk);
  }
}

/** The digest of one shard, from its pieces. */
export class ShardHash {
  readonly #gathering: Chunks;
  readonly #hash = createHash('sha256');

  constructor({ bytesBefore }: Shard) {
    this.#gathering = new Chunks(bytesBefore);
  }

  add(piece: Uint8Array): void {
    this.#take(this.#gathering.add(piece, { length: 0, lines: 0 }));
  }

  digest(): string {
    this.#take(this.#gathering.end());
    return `sha256:${this.#hash.digest('hex')}`;
  }

  #take(chunk: Chunk | undefined): void {
    if (chunk !== undefined) this.#hash.update(chunk.digest);
  }
}

/** Joins pieces to blocks of about `blockBytes`, each with an ArrayBuffer of its own. */
export async function* joinPieces(
  pieces: AsyncIterable<Uint8Array>,
  blockBytes: number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    if (bytes > 0 && bytes + piece.length > blockBytes) {
      yield joined(waiting, bytes);
      waiting = [];
      bytes = 0;
    }
    waiting.push(piece);
    bytes += piece.length;
  }
  if (bytes > 0) yield joined(waiting, bytes);
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    block.set(piece, at);
    at += piece.length;
  }
  return block;
}
