import { CodedTexts } from './coded-texts.js';

/** More distinct texts than this are stored at each occurrence: to look for them would cost more than it saves. */
export const MOST_KEPT = 4096;

/**
 * Gives out the codes of one tensor's texts, block after block. The first 4,096 texts keep their codes for good; what
 * comes after them has a code in its block only, and is stored at each occurrence.
 */
export class TextDictionary {
  readonly #kept: string[] = [];
  readonly #codes = new Map<string, number>();
  #texts: string[] = this.#kept;

  /** The tensor of a new block, with `length` elements of code 0; the codes that `code` gives from here on are its. */
  tensor(length: number): CodedTexts {
    // Earlier tensors go on with what was kept: it is only ever added to.
    this.#texts = this.#kept.length < MOST_KEPT ? this.#kept : this.#kept.slice(0, MOST_KEPT);
    return new CodedTexts(this.#texts, new Int32Array(length));
  }

  /** Whether all the codes that are for good are given out. */
  get isFull(): boolean {
    return this.#kept.length >= MOST_KEPT;
  }

  /** A code for one occurrence of a text in the present tensor, once it is full: it is not looked for. */
  add(text: string): number {
    return this.#texts.push(text) - 1;
  }

  /** The code of a text in the present tensor; below `MOST_KEPT` also in all later ones. */
  code(text: string): number {
    const known = this.#codes.get(text);
    if (known !== undefined) return known;
    const code = this.#texts.push(text) - 1;
    if (code < MOST_KEPT) this.#codes.set(text, code);
    return code;
  }
}
