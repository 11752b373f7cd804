/** Of longer texts, and of more than so many different ones, each occurrence is decoded anew. */
const MOST_BYTES = 64;
const MOST_TEXTS = 4096;
/** Twice as many places as texts at most, so that a search soon ends. */
const PLACES = MOST_TEXTS * 2;

/**
 * The strings of one column, each made once: a category comes millions of times, and to make a string of bytes
 * costs far more than to find it again. Holds at most 4,096 texts of up to 64 bytes.
 */
export class InternedText {
  /** Index into `#texts` plus one; 0 is free. */
  readonly #places = new Uint16Array(PLACES);
  readonly #texts: string[] = [];
  /** The content bytes of text i, which no hash can stand for, are those at i * MOST_BYTES. */
  #bytes = new Uint8Array(16 * MOST_BYTES);
  readonly #lengths = new Uint8Array(MOST_TEXTS);

  /** `decode` makes the text of bytes [start, end). */
  constructor(readonly decode: (bytes: Buffer, start: number, end: number) => string) {}

  get(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > MOST_BYTES) return this.decode(bytes, start, end);
    let place = hashOf(bytes, start, end) & (PLACES - 1);
    for (;;) {
      const found = this.#places[place]! - 1;
      if (found < 0) break;
      if (this.#lengths[found] === length && this.#holds(found, bytes, start, length))
        return this.#texts[found]!;
      place = (place + 1) & (PLACES - 1);
    }
    const text = this.decode(bytes, start, end);
    if (this.#texts.length < MOST_TEXTS) this.#add(place, text, bytes.subarray(start, end));
    return text;
  }

  #holds(text: number, bytes: Uint8Array, start: number, length: number): boolean {
    const own = this.#bytes;
    for (let at = text * MOST_BYTES, other = start, end = start + length; other < end; at++, other++) {
      if (own[at] !== bytes[other]) return false;
    }
    return true;
  }

  #add(place: number, text: string, content: Uint8Array): void {
    const index = this.#texts.length;
    const start = index * MOST_BYTES;
    if (start === this.#bytes.length) {
      const larger = new Uint8Array(start * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(content, start);
    this.#lengths[index] = content.length;
    this.#places[place] = index + 1;
    this.#texts.push(text);
  }
}

/** Four bytes at a time: the multiplications wait for each other, the loads do not. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    hash = Math.imul(hash ^ word, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  for (; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return hash ^ (hash >>> 15);
}
