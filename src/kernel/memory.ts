import { endianness } from 'node:os';
import type { CodedTexts } from '../domain/coded-texts.js';
import type { FeatureData } from '../domain/columns.js';

/** What every compiled module exports: its memory and `assembly/text-table.ts`. Addresses and lengths are in bytes. */
export interface CommonExports {
  readonly memory: WebAssembly.Memory;
  readonly heapBase: () => number;
  readonly tableBytes: () => number;
  readonly makeTable: (table: number, size: number) => void;
  readonly addText: (table: number, start: number, length: number, code: number) => void;
}

/** Numbers of a column as a module gives them. */
export type Numbers = Float32Array | Float64Array | Int32Array | BigInt64Array;
export type NumberType = 'float32' | 'float64' | 'int32' | 'int64';

/** For each type of number its array, the export that reads a column of it, and its bytes. */
export const NUMBERS = {
  float32: { make: Float32Array, read: 'float32s', width: 4 },
  float64: { make: Float64Array, read: 'float64s', width: 8 },
  int32: { make: Int32Array, read: 'int32s', width: 4 },
  int64: { make: BigInt64Array, read: 'int64s', width: 8 },
} as const;

/** May be read behind a block, and written behind a result. */
export const MARGIN = 64;
const PAGE = 64 * 1024;
/** Bytes of all the texts that a column's table may keep. */
const TABLE_TEXTS = 64 * 1024;

const compiled = new Map<string, WebAssembly.Module>();

/** Whether numbers are little-endian on this machine, as WebAssembly's are. */
export function canShareNumbers(): boolean {
  return endianness() === 'LE';
}

/** An instance of a compiled module with its own memory: tables of texts first, then what its kernel lays out. */
export class KernelMemory<Exports extends CommonExports> {
  readonly exports: Exports;
  #base: number;

  /** `module` is in base64; it is compiled once in each thread. */
  constructor(module: string) {
    let code = compiled.get(module);
    if (code === undefined)
      compiled.set(module, (code = new WebAssembly.Module(Buffer.from(module, 'base64'))));
    this.exports = new WebAssembly.Instance(code).exports as Exports;
    this.#base = aligned(this.exports.heapBase());
  }

  /** Where a block may begin: behind the tables. */
  get base(): number {
    return this.#base;
  }

  /** All of the memory; valid until the next `reserve`. */
  get buffer(): ArrayBuffer {
    return this.exports.memory.buffer;
  }

  /** Makes sure that there is memory up to `end`, and a margin. */
  reserve(end: number): void {
    const missing = end + MARGIN - this.buffer.byteLength;
    if (missing > 0) this.exports.memory.grow(Math.ceil(missing / PAGE));
  }

  /** Makes a table of texts; before the first block only. Returns what names it. */
  table(): number {
    const table = this.#base;
    this.#base = aligned(table + this.exports.tableBytes() + TABLE_TEXTS);
    this.reserve(this.#base);
    this.exports.makeTable(table, TABLE_TEXTS);
    return table;
  }
}

/** The next address that every type of number may have. */
export function aligned(address: number): number {
  return (address + 15) & ~15;
}

/** A column's numbers into its places in a tensor. */
export function placeNumbers<T extends Exclude<FeatureData, CodedTexts>>(
  values: T,
  out: T,
  offset: number,
  width: number,
): void {
  if (width === 1) out.set(values as never);
  else for (let row = 0, to = offset; row < values.length; row++, to += width) out[to] = values[row]!;
}
