import type { CsvDecoderSpec } from '../domain/codecs.js';

export const LINE_FEED = 10;
export const CARRIAGE_RETURN = 13;

/** A quote "byte" that no byte equals: nothing is quoted. */
const NO_QUOTE = 256;

/** The bytes that give a CSV its structure. */
export interface Dialect {
  readonly delimiter: number;
  /** 256 where nothing is quoted. */
  readonly quote: number;
  /** Ends a record: LF (a CR before it belongs to the line end), or CR in files that have no LF. */
  readonly lineEnd: number;
}

/** Throws a TypeError for a delimiter or quote that is not one ASCII character of its own. */
export function dialectOf(spec: Pick<CsvDecoderSpec, 'delimiter' | 'quote' | 'recordEnd'>): Dialect {
  const delimiter = onlyByte('delimiter', spec.delimiter);
  const quote = spec.quote === undefined ? NO_QUOTE : onlyByte('quote', spec.quote);
  if (delimiter === quote) throw new TypeError('A CSV delimiter and quote must differ');
  return { delimiter, quote, lineEnd: spec.recordEnd === 'cr' ? CARRIAGE_RETURN : LINE_FEED };
}

/** How csv-parse is told of the quote: left to itself, it takes `""` for a quote inside a field whatever quotes fields. */
export function parserQuotes(quote: string | undefined): { quote: string | null; escape: string | null } {
  return { quote: quote ?? null, escape: quote ?? null };
}

function onlyByte(what: string, text: string): number {
  const byte = text.charCodeAt(0);
  if (text.length !== 1 || byte > 127 || byte === LINE_FEED || byte === CARRIAGE_RETURN) {
    throw new TypeError(`A CSV ${what} must be one ASCII character other than a line end`);
  }
  return byte;
}
