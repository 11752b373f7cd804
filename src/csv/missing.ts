import type { FeatureSlot, FeatureType } from '../domain/columns.js';
import { parseDecimal } from './decimal.js';

type Fill = number | bigint | boolean | string;

/** Knows the fields of one slot that mean missing, by their bytes. */
export class MissingTokens {
  readonly #tokens: readonly Uint8Array[];
  /** What the tokens that could be taken for numbers are as such. */
  readonly numbers: readonly number[];

  /** A field's doubled quotes are not undone before it is compared: they are doubled here. */
  constructor(tokens: readonly string[], quote: number) {
    const mark = quote < 256 ? String.fromCharCode(quote) : '';
    this.#tokens = tokens
      .filter((token) => token !== '')
      .map((token) => Buffer.from(mark === '' ? token : token.replaceAll(mark, mark + mark)));
    this.numbers = tokens.flatMap((token) => parseDecimal(token) ?? []);
  }

  /** Whether the field content in bytes [start, end) is empty or a token. */
  match(bytes: Uint8Array, start: number, end: number): boolean {
    if (start === end) return true;
    if (this.#tokens.length === 0) return false;
    return this.#tokens.some((token) => equals(token, bytes, start, end));
  }
}

function equals(token: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (token.length !== end - start) return false;
  for (let at = 0; at < token.length; at++) if (token[at] !== bytes[start + at]) return false;
  return true;
}

/** What a missing value of a slot becomes; undefined where its row is rejected. */
export function replacement(slot: FeatureSlot): Fill | undefined {
  const { missing, type } = slot;
  if (missing.then === 'reject') return undefined;
  const value = missing.then === 'nan' ? NaN : missing.value;
  const fits = FITS[type];
  if (!fits(value)) throw new TypeError(`Column ${slot.column}: ${value} cannot stand for a missing ${type}`);
  return value;
}

const isNumber = (value: Fill): boolean => typeof value === 'number' || typeof value === 'bigint';
const isInteger = (value: Fill): boolean => typeof value === 'bigint' || Number.isSafeInteger(value);
const INT64_LIMIT = 2n ** 63n;

/** Values that each type can hold. */
const FITS: Readonly<Record<FeatureType, (value: Fill) => boolean>> = {
  float32: isNumber,
  float64: isNumber,
  int64: (value) => isInteger(value) && BigInt(value) >= -INT64_LIMIT && BigInt(value) < INT64_LIMIT,
  int32: (value) => isInteger(value) && Number(value) === (Number(value) | 0),
  bool: (value) => typeof value === 'boolean' || value === 0 || value === 1,
  string: (value) => typeof value === 'string',
};
