import { type FileHandle, open, rm } from 'node:fs/promises';
import { FILE_MODE } from './disk.js';

/** Hashes that are kept in memory (2 MB) before they go to a file. */
const IN_MEMORY = 1 << 18;
const MAX_PARTS = 16;
/** Hashes that are read from the file at a time. */
const READ_HASHES = 1 << 16;

/** The key hashes of all rows in row order, in bounded memory. */
export class HashLog {
  #blocks: BigUint64Array[] = [];
  #pending = 0;
  #rows = 0;
  #file: FileHandle | undefined;

  constructor(
    private readonly path: string,
    private readonly inMemory = IN_MEMORY,
  ) {}

  async append(hashes: BigUint64Array): Promise<void> {
    if (hashes.length === 0) return;
    this.#blocks.push(hashes);
    this.#pending += hashes.length;
    this.#rows += hashes.length;
    if (this.#pending <= this.inMemory) return;
    this.#file ??= await open(this.path, 'wx+', FILE_MODE);
    for (const block of this.#blocks) await this.#file.writeFile(bytesOf(block));
    this.#blocks = [];
    this.#pending = 0;
  }

  /**
   * Rows whose hash another row has: one list of up to four row numbers per hash, for up to `limit` hashes, in
   * order of their first row.
   */
  async duplicateRows(limit: number): Promise<readonly (readonly number[])[]> {
    const hashes = await this.#duplicateHashes(limit);
    if (hashes.size === 0) return [];
    const rows = new Map<bigint, number[]>();
    let row = 0;
    for await (const block of this.#read()) {
      for (const hash of block) {
        if (hashes.has(hash)) {
          const found = rows.get(hash);
          if (found === undefined) rows.set(hash, [row]);
          else if (found.length < 4) found.push(row);
        }
        row++;
      }
    }
    return [...rows.values()];
  }

  async close(): Promise<void> {
    await this.#file?.close();
    await rm(this.path, { force: true });
  }

  /** Sorts the hashes part by part, told apart by their top bits, so that only one part is in memory. */
  async #duplicateHashes(limit: number): Promise<Set<bigint>> {
    const duplicates = new Set<bigint>();
    let bits = 0;
    while (1 << bits < MAX_PARTS && this.#rows > this.inMemory << bits) bits++;
    // One piece of memory for all parts. Some are a little larger than the average.
    let space = new BigUint64Array(Math.ceil((this.#rows / (1 << bits)) * 1.05) + READ_HASHES);
    for (let part = 0; part < 1 << bits && duplicates.size < limit; part++) {
      let count = 0;
      for await (const block of this.#read()) {
        if (count + block.length > space.length) space = grown(space, count + block.length);
        count += copyPart(block, part, bits, space.subarray(count));
      }
      const sorted = space.subarray(0, count).sort();
      for (let i = 1; i < count && duplicates.size < limit; i++) {
        if (sorted[i] === sorted[i - 1]) duplicates.add(sorted[i]!);
      }
    }
    return duplicates;
  }

  async *#read(): AsyncGenerator<BigUint64Array> {
    if (this.#file !== undefined) {
      const buffer = new BigUint64Array(READ_HASHES);
      const bytes = bytesOf(buffer);
      let position = 0;
      for (;;) {
        const { bytesRead } = await this.#file.read(bytes, 0, bytes.length, position);
        if (bytesRead === 0) break;
        // A read may end within a hash: the next one starts with it again.
        const whole = bytesRead >>> 3;
        position += whole * 8;
        yield buffer.subarray(0, whole);
      }
    }
    yield* this.#blocks;
  }
}

/** Copies the hashes whose top `bits` bits are `part`; returns how many. */
function copyPart(block: BigUint64Array, part: number, bits: number, into: BigUint64Array): number {
  const halves = new Uint32Array(block.buffer, block.byteOffset, block.length * 2);
  let count = 0;
  for (let i = 0; i < block.length; i++) {
    if (bits === 0 || halves[i * 2 + 1]! >>> (32 - bits) === part) into[count++] = block[i]!;
  }
  return count;
}

function grown(hashes: BigUint64Array<ArrayBuffer>, length: number): BigUint64Array<ArrayBuffer> {
  const larger = new BigUint64Array(length);
  larger.set(hashes);
  return larger;
}

function bytesOf(hashes: BigUint64Array): Uint8Array {
  return new Uint8Array(hashes.buffer, hashes.byteOffset, hashes.byteLength);
}
