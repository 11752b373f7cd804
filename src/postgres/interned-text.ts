import { MOST_KEPT, type TextDictionary } from '../domain/text-dictionary.js';

/** Longer texts are decoded at each occurrence. */
const MOST_WORDS = 16;
const MOST_BYTES = MOST_WORDS * 4;
/** Masks for the first 0 to 3 bytes of a little-endian word. */
const FIRST_BYTES = Int32Array.of(0, 0xff, 0xffff, 0xffffff);
/** Twice as many places as texts at most, so that a search soon ends. */
const PLACES = MOST_KEPT * 2;

/**
 * Finds the codes of one column's texts by their bytes: a category comes millions of times, and to make a string of
 * bytes costs far more than to find it again. Holds at most 4,096 texts of up to 64 bytes.
 */
export class InternedText {
  /** Index of an entry plus one; 0 is free. */
  readonly #places = new Uint16Array(PLACES);
  #entries = 0;
  readonly #codes = new Int32Array(MOST_KEPT);
  /** The bytes of entry i, which no hash can stand for: words from i * MOST_WORDS. */
  #words = new Int32Array(16 * MOST_WORDS);
  readonly #lengths = new Uint8Array(MOST_KEPT);
  /** The bytes looked for, four to a word, the last word filled up with zeros. */
  readonly #wanted = new Int32Array(MOST_WORDS);

  /** `decode` makes the text of bytes [start, end); the same bytes are always the same text. */
  constructor(
    readonly dictionary: TextDictionary,
    readonly decode: (bytes: Buffer, start: number, end: number) => string,
  ) {}

  /** The code of the text of bytes [start, end); `view` is of the very same bytes. */
  code(bytes: Buffer, view: DataView, start: number, end: number): number {
    const length = end - start;
    if (length > MOST_BYTES) return this.dictionary.code(this.decode(bytes, start, end));
    const wanted = this.#wanted;
    let hash = length;
    let count = 0;
    let at = start;
    for (const last = end - 3; at < last; at += 4) {
      const word = view.getInt32(at, true);
      wanted[count++] = word;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    if (at < end) {
      const word =
        at + 4 <= view.byteLength
          ? view.getInt32(at, true) & FIRST_BYTES[end - at]!
          : lastWord(view, at, end);
      wanted[count++] = word;
      hash = Math.imul(hash ^ word, 0x9e3779b1);
    }
    let place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    for (let found = this.#places[place]!; found !== 0; found = this.#places[place]!) {
      if (this.#lengths[found - 1] === length && this.#isWanted(found - 1, count))
        return this.#codes[found - 1]!;
      place = (place + 1) & (PLACES - 1);
    }
    const code = this.dictionary.code(this.decode(bytes, start, end));
    if (code < MOST_KEPT) this.#add(place, code, length);
    return code;
  }

  #isWanted(entry: number, count: number): boolean {
    const words = this.#words;
    const wanted = this.#wanted;
    for (let word = 0, own = entry * MOST_WORDS; word < count; word++, own++) {
      if (words[own] !== wanted[word]) return false;
    }
    return true;
  }

  /** Keeps the code of the text whose bytes are the wanted ones. */
  #add(place: number, code: number, length: number): void {
    if (this.#entries === MOST_KEPT) return;
    const index = this.#entries++;
    const start = index * MOST_WORDS;
    if (start === this.#words.length) {
      const larger = new Int32Array(start * 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words.set(this.#wanted, start);
    this.#lengths[index] = length;
    this.#places[place] = index + 1;
    this.#codes[index] = code;
  }
}

/** As the masked word, where the bytes end before it does. */
function lastWord(view: DataView, start: number, end: number): number {
  let word = 0;
  for (let at = end - 1; at >= start; at--) word = (word << 8) | view.getUint8(at);
  return word;
}
