/** Where memory is free from. */
export function heapBase(): usize {
  return __heap_base;
}

/*
 * A table of texts: the number of entries, the address for the next text's bytes and where they must end; places, each
 * the number of an entry plus one; entries. Bytes of a text are filled up with zeros to a multiple of eight.
 */
const HEADER: usize = 16;
const PLACES: u32 = 8192;
const MOST_ENTRIES: u32 = 4096;
const ENTRY: usize = 16;
const MULTIPLIER: u64 = 0x9e3779b97f4a7c15;

/** Bytes that a table takes beside those of its texts. */
export function tableBytes(): usize {
  return HEADER + PLACES * 2 + MOST_ENTRIES * ENTRY;
}

/** Makes a table in zeroed memory, whose texts may take `size` bytes more than `tableBytes`. */
export function makeTable(table: usize, size: usize): void {
  const texts = table + tableBytes();
  store<u32>(table, <u32>texts, 4);
  store<u32>(table, <u32>(texts + size), 8);
}

/** The first `count` bytes, 1 to 7, of a little-endian word. */
// @ts-ignore: decorator
@inline
function firstBytes(word: u64, count: usize): u64 {
  return word & ((<u64>1 << (<u64>count << 3)) - 1);
}

// @ts-ignore: decorator
@inline
function hashOf(start: usize, length: usize): u32 {
  let hash = <u64>length * MULTIPLIER;
  let at = start;
  let left = length;
  while (left >= 8) {
    hash = (hash ^ load<u64>(at)) * MULTIPLIER;
    hash ^= hash >> 32;
    at += 8;
    left -= 8;
  }
  if (left > 0) {
    hash = (hash ^ firstBytes(load<u64>(at), left)) * MULTIPLIER;
    hash ^= hash >> 32;
  }
  return <u32>(hash ^ (hash >> 16));
}

// @ts-ignore: decorator
@inline
function sameBytes(known: usize, start: usize, length: usize): bool {
  let left = length;
  let at = start;
  let own = known;
  while (left >= 8) {
    if (load<u64>(own) != load<u64>(at)) return false;
    own += 8;
    at += 8;
    left -= 8;
  }
  return left == 0 || load<u64>(own) == firstBytes(load<u64>(at), left);
}

/** The code of a text; -1 where the table does not have it. */
// @ts-ignore: decorator
@inline
export function find(table: usize, start: usize, length: usize): i32 {
  const places = table + HEADER;
  const entries = places + PLACES * 2;
  const hash = hashOf(start, length);
  let place = hash & (PLACES - 1);
  let found = <u32>load<u16>(places + (<usize>place << 1));
  while (found != 0) {
    const entry = entries + (<usize>(found - 1)) * ENTRY;
    if (
      load<u32>(entry) == hash &&
      load<u32>(entry, 4) == <u32>length &&
      sameBytes(<usize>load<u32>(entry, 8), start, length)
    ) {
      return load<i32>(entry, 12);
    }
    place = (place + 1) & (PLACES - 1);
    found = <u32>load<u16>(places + (<usize>place << 1));
  }
  return -1;
}

/** Gives a text that the table does not have its code, if there is room. */
export function addText(table: usize, start: usize, length: usize, code: i32): void {
  const count = load<u32>(table);
  const next = <usize>load<u32>(table, 4);
  const size = (length + 7) & ~7;
  if (count == MOST_ENTRIES || next + size > <usize>load<u32>(table, 8)) return;
  const places = table + HEADER;
  const entry = places + PLACES * 2 + <usize>count * ENTRY;
  const hash = hashOf(start, length);
  store<u32>(entry, hash);
  store<u32>(entry, <u32>length, 4);
  store<u32>(entry, <u32>next, 8);
  store<i32>(entry, code, 12);
  memory.copy(next, start, length);
  let place = hash & (PLACES - 1);
  while (load<u16>(places + (<usize>place << 1)) != 0) place = (place + 1) & (PLACES - 1);
  store<u16>(places + (<usize>place << 1), <u16>(count + 1));
  store<u32>(table, count + 1);
  store<u32>(table, <u32>(next + size), 4);
}
