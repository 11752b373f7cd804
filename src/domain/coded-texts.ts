/**
 * Texts of a column or tensor, each distinct one stored once: element `i` is `texts[codes[i]]`. What is done to a
 * category is done once a block then, not once a row. Its methods are those of a typed array, so that code which moves
 * elements about need not know what they are. A text may be stored twice where there are too many to look for.
 */
export class CodedTexts {
  constructor(
    readonly texts: readonly string[],
    readonly codes: Int32Array,
  ) {}

  static from(values: readonly string[]): CodedTexts {
    const codes = new Int32Array(values.length);
    const seen = new Map<string, number>();
    for (let index = 0; index < values.length; index++) {
      const text = values[index]!;
      let code = seen.get(text);
      if (code === undefined) seen.set(text, (code = seen.size));
      codes[index] = code;
    }
    return new CodedTexts([...seen.keys()], codes);
  }

  get length(): number {
    return this.codes.length;
  }

  subarray(start?: number, end?: number): CodedTexts {
    return new CodedTexts(this.texts, this.codes.subarray(start, end));
  }

  copyWithin(to: number, start: number, end?: number): this {
    this.codes.copyWithin(to, start, end);
    return this;
  }

  *[Symbol.iterator](): Generator<string, void, undefined> {
    for (const code of this.codes) yield this.texts[code]!;
  }
}
