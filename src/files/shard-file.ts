import type { Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Reject } from '../domain/columns.js';
import type { EncodedBlock } from '../domain/publication.js';
import type { ShardStage } from '../domain/sharded-publication.js';
import { StagedFile } from './staged-file.js';

/** What a shard's file holds, one after the other: encoded blocks with their key hashes, and rejects, in order. */
export type Frame =
  | ({ readonly kind: 'block' } & EncodedBlock)
  | { readonly kind: 'rejects'; readonly rejects: readonly Reject[] };

/** Kind, rows, bytes of the payload, key hashes after it: unsigned 32-bit numbers each. */
const HEAD_BYTES = 16;
const BLOCK = 1;
const REJECTS = 2;

/** Writes a shard's file, block by block. */
export class ShardFile implements ShardStage {
  #rows = 0;

  private constructor(private readonly file: StagedFile) {}

  static async create(path: string): Promise<ShardFile> {
    return new ShardFile(await StagedFile.create(path));
  }

  async append({ payload, rows, keyHashes }: EncodedBlock): Promise<void> {
    const hashes =
      keyHashes === undefined
        ? new Uint8Array(0)
        : new Uint8Array(keyHashes.buffer, keyHashes.byteOffset, keyHashes.byteLength);
    await this.file.write([head(BLOCK, rows, payload.length, keyHashes?.length ?? 0), payload, hashes]);
    this.#rows += rows;
  }

  async reject(rejects: readonly Reject[]): Promise<void> {
    const text = Buffer.from(JSON.stringify(rejects));
    await this.file.write([head(REJECTS, 0, text.length, 0), text]);
  }

  /** Flushes it to disk and closes it. */
  async finish(): Promise<{ readonly rows: number; readonly digest: string }> {
    return { rows: this.#rows, digest: await this.file.finish() };
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

function head(...numbers: [kind: number, rows: number, payload: number, hashes: number]): Buffer {
  const bytes = Buffer.alloc(HEAD_BYTES);
  numbers.forEach((number, index) => bytes.writeUInt32LE(number, index * 4));
  return bytes;
}

/** Reads a shard's file, a frame at a time; `hash` takes in its bytes. A file that was cut short ends early. */
export async function* readFrames(path: string, hash: Hash): AsyncGenerator<Frame> {
  const file = await open(path);
  try {
    let position = 0;
    for (;;) {
      const start = await take(file, position, HEAD_BYTES, hash);
      if (start === undefined) return;
      const [kind, rows, length, hashes] = [0, 4, 8, 12].map((at) => start.readUInt32LE(at));
      const payload = await take(file, position + HEAD_BYTES, length!, hash);
      const tail = await take(file, position + HEAD_BYTES + length!, hashes! * 8, hash);
      if (payload === undefined || tail === undefined) return;
      position += HEAD_BYTES + payload.length + tail.length;
      if (kind === REJECTS) yield { kind: 'rejects', rejects: JSON.parse(payload.toString()) as Reject[] };
      else yield { kind: 'block', payload, rows: rows!, keyHashes: hashesOf(tail) };
    }
  } finally {
    await file.close();
  }
}

async function take(
  file: FileHandle,
  position: number,
  length: number,
  hash: Hash,
): Promise<Buffer | undefined> {
  // Its own memory, aligned for 64-bit numbers.
  const bytes = Buffer.from(new ArrayBuffer(length));
  for (let at = 0; at < length;) {
    const { bytesRead } = await file.read(bytes, at, length - at, position + at);
    if (bytesRead === 0) return undefined;
    at += bytesRead;
  }
  hash.update(bytes);
  return bytes;
}

function hashesOf({ buffer, length }: Buffer): BigUint64Array | undefined {
  return length === 0 ? undefined : new BigUint64Array(buffer as ArrayBuffer, 0, length / 8);
}
