import type { KeyColumn } from './columns.js';
import { keyColumnText } from './key-text.js';
import { murmur3 } from './murmur3.js';

const RANGE = 2 ** 32;

/** Says where keys are in [0, 1). */
export interface KeyPositions {
  /** The position of one row's key. */
  of(keys: readonly KeyColumn[], row: number): number;
}

/**
 * Where a model's keys are in [0, 1): evenly spread, and the same in every run, version, machine and kind of source. A
 * share is the keys below it, so that those in a share are in every larger one. The position is the
 * MurmurHash3 (x86, 32 bits, seed 0) of the model's name and then, each after a NUL byte, the key columns as texts, all
 * in UTF-8, as a fraction of 2^32. Another model has other keys in its share.
 *
 * This is a promise to whoever kept a list of keys: it must not change.
 */
export function keyPositions(model: string): KeyPositions {
  const prefix = Buffer.from(model, 'utf8');
  let scratch = Buffer.alloc(256);
  let length = 0;

  function append(bytes: Uint8Array, start: number, end: number): void {
    const needed = length + 1 + end - start;
    if (needed > scratch.length) {
      const larger = Buffer.alloc(2 * needed);
      larger.set(scratch.subarray(0, length));
      scratch = larger;
    }
    scratch[length++] = 0;
    for (let at = start; at < end; at++) scratch[length++] = bytes[at]!;
  }

  scratch = Buffer.concat([prefix, scratch]);
  return {
    of(keys, row) {
      length = prefix.length;
      for (const key of keys) {
        if (key.type === 'text') append(key.bytes, key.offsets[row]!, key.offsets[row + 1]!);
        else {
          const text = Buffer.from(keyColumnText(key, row), 'utf8');
          append(text, 0, text.length);
        }
      }
      return murmur3(scratch, length) / RANGE;
    },
  };
}
