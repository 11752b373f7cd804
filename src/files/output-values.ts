import { CodedTexts } from '../domain/coded-texts.js';
import type { OutputValues } from '../domain/columns.js';

type Numbers = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

/** Copies the strided values of a numeric column into `into`, whose length is the rows. */
export function gatherNumbers<T extends Numbers>({ column, data, offset, stride }: OutputValues, into: T): T {
  if (data.constructor !== into.constructor) {
    throw new TypeError(`column ${column.name} is ${column.type} but holds ${data.constructor.name}`);
  }
  const from = data as T;
  if (stride === 1) into.set(from.subarray(offset, offset + into.length) as never);
  else for (let row = 0; row < into.length; row++) into[row] = from[row * stride + offset]!;
  return into;
}

/** The codes of a text column, one per row, and the texts they stand for. */
export function gatherTexts({ data, offset, stride }: OutputValues, rows: number): CodedTexts {
  const { texts, codes } = data as CodedTexts;
  if (stride === 1) return new CodedTexts(texts, codes.subarray(offset, offset + rows));
  return new CodedTexts(
    texts,
    Int32Array.from({ length: rows }, (_, row) => codes[row * stride + offset]!),
  );
}

/** One bit a row, the first in the lowest: as Arrow and Parquet have booleans. */
export function packBits(flags: Uint8Array): Uint8Array {
  const bits = new Uint8Array((flags.length + 7) >>> 3);
  for (let row = 0; row < flags.length; row++) if (flags[row] !== 0) bits[row >>> 3]! |= 1 << (row & 7);
  return bits;
}
