/** Longer texts, and those beyond so many different ones, are decoded at each occurrence. */
const MOST_BYTES = 64;
const MOST_TEXTS = 4096;
/** Twice as many places as texts, so that a search soon ends. */
const PLACES = MOST_TEXTS * 2;

/**
 * The strings of one column, each made once: a category comes millions of times, and making a string of bytes
 * costs far more than finding it again.
 */
export class InternedText {
  /** Index into `#texts` plus one; 0 is free. */
  readonly #places = new Uint16Array(PLACES);
  readonly #texts: string[] = [];
  readonly #bytes: Uint8Array[] = [];

  /** The UTF-8 text of bytes [start, end). */
  get(bytes: Buffer, start: number, end: number): string {
    if (end - start > MOST_BYTES) return bytes.toString('utf8', start, end);
    let hash = end - start;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    let place = (hash ^ (hash >>> 15)) & (PLACES - 1);
    for (let found = this.#places[place]!; found !== 0; found = this.#places[place]!) {
      if (equal(this.#bytes[found - 1]!, bytes, start, end)) return this.#texts[found - 1]!;
      place = (place + 1) & (PLACES - 1);
    }
    const text = bytes.toString('utf8', start, end);
    if (this.#texts.length < MOST_TEXTS) {
      this.#bytes.push(new Uint8Array(bytes.subarray(start, end)));
      this.#places[place] = this.#texts.push(text);
    }
    return text;
  }
}

function equal(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let index = 0; index < known.length; index++) if (known[index] !== bytes[start + index]) return false;
  return true;
}
