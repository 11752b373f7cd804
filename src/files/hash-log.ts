import { type FileHandle, open, rm } from 'node:fs/promises';
import { FILE_MODE } from './disk.js';
import { HashSet } from './hash-set.js';

/** Hashes that are kept in memory (8 MB) before they go to a file. */
const IN_MEMORY = 1 << 20;
const MAX_PARTS = 16;
/** Hashes that are read from the file at a time. */
const READ_HASHES = 1 << 16;
/** A part is cut into so many, each of which stays in the processor's cache while it is looked through. */
const BUCKETS = 256;
const BUCKET_SHIFT = 24;

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

  /** Looks through the hashes part by part, told apart by their top bits, so that only one part is in memory. */
  async #duplicateHashes(limit: number): Promise<Set<bigint>> {
    const duplicates = new Set<bigint>();
    let bits = 0;
    while (1 << bits < MAX_PARTS && this.#rows > this.inMemory << bits) bits++;
    const size = this.#rows / (1 << bits);
    const seen = new HashSet((size / BUCKETS) * 1.2);
    let part: BigUint64Array<ArrayBuffer> | undefined;
    let ordered = new BigUint64Array(0);
    for (let number = 0; number < 1 << bits && duplicates.size < limit; number++) {
      let hashes = this.#blocks;
      let count = this.#pending;
      if (bits > 0) {
        // Some parts and buckets are a little larger than the average.
        part ??= new BigUint64Array(Math.ceil(size * 1.05) + READ_HASHES);
        count = 0;
        for await (const block of this.#read()) {
          if (count + block.length > part.length) part = grown(part, count + block.length);
          count += copyPart(block, number, bits, part.subarray(count));
        }
        hashes = [part.subarray(0, count)];
      }
      if (ordered.length < count) ordered = new BigUint64Array(count);
      const ends = orderByBucket(hashes, bits, ordered);
      for (let bucket = 0; bucket < BUCKETS && duplicates.size < limit; bucket++) {
        findTwice(ordered.subarray(ends[bucket - 1] ?? 0, ends[bucket]), seen, duplicates, limit);
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
  const from = halvesOf(block);
  const to = halvesOf(into);
  let count = 0;
  for (let at = 0; at < from.length; at += 2) {
    if (from[at + 1]! >>> (32 - bits) !== part) continue;
    to[count++] = from[at]!;
    to[count++] = from[at + 1]!;
  }
  return count >>> 1;
}

/** Puts the hashes of a part in the order of the bits below those of the part; returns where each bucket of them ends. */
function orderByBucket(part: readonly BigUint64Array[], bits: number, into: BigUint64Array): Int32Array {
  const halves = part.map(halvesOf);
  const to = halvesOf(into);
  const ends = new Int32Array(BUCKETS);
  for (const from of halves)
    for (let at = 1; at < from.length; at += 2) ends[(from[at]! << bits) >>> BUCKET_SHIFT]!++;
  for (let bucket = 1; bucket < BUCKETS; bucket++) ends[bucket]! += ends[bucket - 1]!;
  const starts = ends.slice();
  for (const from of halves) {
    for (let at = from.length - 2; at >= 0; at -= 2) {
      const place = --starts[(from[at + 1]! << bits) >>> BUCKET_SHIFT]! * 2;
      to[place] = from[at]!;
      to[place + 1] = from[at + 1]!;
    }
  }
  return ends;
}

/** Adds to `duplicates`, up to `limit` of them, the hashes that are in a bucket more than once. */
function findTwice(bucket: BigUint64Array, seen: HashSet, duplicates: Set<bigint>, limit: number): void {
  seen.clear();
  const halves = halvesOf(bucket);
  for (let at = 0; at < halves.length; at += 2) {
    if (seen.add(halves[at]!, halves[at + 1]!) && duplicates.add(bucket[at >>> 1]!).size >= limit) return;
  }
}

function grown(hashes: BigUint64Array<ArrayBuffer>, length: number): BigUint64Array<ArrayBuffer> {
  const larger = new BigUint64Array(length);
  larger.set(hashes);
  return larger;
}

/** Low half before high half: what takes them one by one would make a bigint of each. */
function halvesOf(hashes: BigUint64Array): Uint32Array {
  return new Uint32Array(hashes.buffer, hashes.byteOffset, hashes.length * 2);
}

function bytesOf(hashes: BigUint64Array): Uint8Array {
  return new Uint8Array(hashes.buffer, hashes.byteOffset, hashes.byteLength);
}
