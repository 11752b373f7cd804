/** Marks a slot without a position: farther back than a copy can reach from anywhere. */
const NOWHERE = -0x10000;
const MAX_OFFSET = 0xffff;
/** The last bytes are taken as they are, so that four bytes can be read wherever a match is looked for. */
const MARGIN = 15;
const MAX_TABLE_BITS = 14;
const positions = new Int32Array(1 << MAX_TABLE_BITS);

/**
 * Snappy's block format (github.com/google/snappy, format_description.txt). hyparquet-writer has one as well, which
 * makes objects for every literal: short keys are nothing but short literals and copies.
 */
export function snappyCompress(input: Uint8Array): Uint8Array {
  const { length } = input;
  const view = new DataView(input.buffer, input.byteOffset, length);
  const output = new Uint8Array(32 + length + Math.ceil(length / 6));
  let to = 0;
  let rest = length;
  for (; rest > 0x7f; rest >>>= 7) output[to++] = (rest & 0x7f) | 0x80;
  output[to++] = rest;

  let bits = 8;
  while (bits < MAX_TABLE_BITS && 1 << bits < length) bits++;
  const shift = 32 - bits;
  positions.fill(NOWHERE, 0, 1 << bits);
  const limit = length - MARGIN;
  let written = 0;
  let at = 1;
  scan: while (at <= limit) {
    let candidate: number;
    // Ever larger steps where nothing matches: what doesn't compress costs little.
    for (let tries = 32; ; at += tries++ >>> 5) {
      if (at > limit) break scan;
      const word = view.getInt32(at, true);
      const slot = Math.imul(word, HASH) >>> shift;
      candidate = positions[slot]!;
      positions[slot] = at;
      if (at - candidate <= MAX_OFFSET && view.getInt32(candidate, true) === word) break;
    }
    to = writeLiteral(output, to, input, written, at);
    for (;;) {
      const start = at;
      const offset = at - candidate;
      at += 4;
      while (at < length && input[at] === input[at - offset]) at++;
      to = writeCopies(output, to, offset, at - start);
      written = at;
      if (at > limit) break scan;
      positions[Math.imul(view.getInt32(at - 1, true), HASH) >>> shift] = at - 1;
      const word = view.getInt32(at, true);
      const slot = Math.imul(word, HASH) >>> shift;
      candidate = positions[slot]!;
      positions[slot] = at;
      if (at - candidate > MAX_OFFSET || view.getInt32(candidate, true) !== word) break;
    }
    at++;
  }
  to = writeLiteral(output, to, input, written, length);
  return output.subarray(0, to);
}

const HASH = 0x1e35a7bd;

function writeLiteral(output: Uint8Array, to: number, input: Uint8Array, from: number, end: number): number {
  const length = end - from;
  if (length === 0) return to;
  if (length <= 60) output[to++] = (length - 1) << 2;
  else {
    const bytes = length <= 0x100 ? 1 : length <= 0x10000 ? 2 : length <= 0x1000000 ? 3 : 4;
    output[to++] = (59 + bytes) << 2;
    for (let i = 0; i < bytes; i++) output[to++] = (length - 1) >>> (8 * i);
  }
  if (length > 32) output.set(input.subarray(from, end), to);
  else for (let i = 0; i < length; i++) output[to + i] = input[from + i]!;
  return to + length;
}

function writeCopies(output: Uint8Array, to: number, offset: number, length: number): number {
  // No remainder below four bytes: the short copies have none.
  for (; length >= 68; length -= 64) to = writeCopy(output, to, offset, 64);
  if (length > 64) {
    to = writeCopy(output, to, offset, 60);
    length -= 60;
  }
  return writeCopy(output, to, offset, length);
}

function writeCopy(output: Uint8Array, to: number, offset: number, length: number): number {
  if (length < 12 && offset < 2048) {
    output[to++] = 1 | ((length - 4) << 2) | ((offset >>> 8) << 5);
    output[to++] = offset;
  } else {
    output[to++] = 2 | ((length - 1) << 2);
    output[to++] = offset;
    output[to++] = offset >>> 8;
  }
  return to;
}
