import type { KeyColumn } from './columns.js';

const C1 = 0xcc9e2d51 | 0;
const C2 = 0x1b873593 | 0;
const C3 = 0x239b961b | 0;
const C4 = 0x38b34ae5 | 0;

/**
 * 64-bit hashes of the keys of `rows` rows, to find keys that occur twice without holding them all. Equal keys
 * have equal hashes; different keys practically never have (about rows² / 2⁶⁵), but a caller that names duplicates
 * must compare the keys themselves. Every column goes in with its length, so that ('a', 'bc') differs from
 * ('ab', 'c'). The values are for one run of one machine: nothing may store them.
 */
export function hashKeys(keys: readonly KeyColumn[], rows: number): BigUint64Array<ArrayBuffer> {
  const hashes = new BigUint64Array(rows);
  const halves = new Uint32Array(hashes.buffer);
  for (const { offsets, bytes } of keys) {
    const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let row = 0; row < rows; row++) absorb(halves, row * 2, words, offsets[row]!, offsets[row + 1]!);
  }
  for (let at = 0; at < halves.length; at += 2) {
    const first = finish(halves[at]! ^ Math.imul(halves[at + 1]!, C3));
    const second = finish(halves[at + 1]! ^ Math.imul(first, C1));
    halves[at] = first + second;
    halves[at + 1] = second ^ Math.imul(first, C4);
  }
  return hashes;
}

/**
 * Two murmur3-like lanes of 32 bits. Each lane takes every word through multipliers of its own, and the first
 * lane's state goes on into the second, so that a collision in one is none in the other.
 */
function absorb(halves: Uint32Array, at: number, bytes: DataView, start: number, end: number): void {
  let a = halves[at]! ^ (end - start);
  let b = halves[at + 1]! ^ Math.imul(end - start, C4);
  for (let i = start; i < end; i += 4) {
    const word = end - i >= 4 ? bytes.getInt32(i, true) : lastWord(bytes, i, end);
    let one = Math.imul(word, C1);
    one = Math.imul((one << 15) | (one >>> 17), C2);
    a ^= one;
    a = (Math.imul((a << 13) | (a >>> 19), 5) + 0xe6546b64) | 0;
    let two = Math.imul(word, C3);
    two = Math.imul((two << 16) | (two >>> 16), C4);
    b ^= two;
    b = (Math.imul((b << 17) | (b >>> 15), 5) + 0x0bcaa747 + a) | 0;
  }
  // Empty texts too must move the state on: ('', 'a') is not ('a', '').
  halves[at] = (Math.imul((a << 13) | (a >>> 19), 5) + 0x561ccd1b) | 0;
  halves[at + 1] = (Math.imul((b << 17) | (b >>> 15), 5) + 0x32ac3b17) | 0;
}

/** The one to three bytes from `start` on. */
function lastWord(bytes: DataView, start: number, end: number): number {
  let word = bytes.getUint8(start);
  if (start + 1 < end) word |= bytes.getUint8(start + 1) << 8;
  if (start + 2 < end) word |= bytes.getUint8(start + 2) << 16;
  return word;
}

function finish(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
