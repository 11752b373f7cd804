import type { Records } from './records.js';

/*
 * Decimal numbers from bytes, rounded exactly as Number() rounds.
 * Grammar: [+-]?(digits[.digits]|.digits)([eE][+-]?digits)?
 */

const PLUS = 43;
const MINUS = 45;
const POINT = 46;
const ZERO = 48;
const LOWER_E = 101;

/** Powers of ten that a double holds exactly. */
const EXACT_POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * The numbers of one column into `values`, one per row. NaN stands for all that is not a plain decimal whose
 * digits and power of ten are both exact doubles: such a field needs a second look, by `parseDecimal` for one.
 * A value that is given is exact up to its one rounding: an integral value was written as an integer.
 */
export function readDecimals(records: Records, column: number, values: Float64Array): void {
  const { bytes, quote, rows, stride, bounds } = records;
  for (let row = 0, at = column; row < rows; row++, at += stride) {
    let start = bounds[at]!;
    let end = bounds[at + 1]! - 1;
    if (bytes[start] === quote) {
      start++;
      end--;
    }
    values[row] = shortDecimal(bytes, start, end);
  }
}

/**
 * The value of bytes [start, end) if it has up to nine digits and no exponent, else what `longDecimal` says.
 * Reads on past `end` only where the byte there, a delimiter, looks like part of the number; then it is NaN.
 */
function shortDecimal(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  let byte = bytes[at]!;
  const negative = byte === MINUS;
  if (negative || byte === PLUS) byte = bytes[++at]!;
  const first = at;
  let digits = 0;
  let digit = byte - ZERO;
  while (digit >= 0 && digit <= 9) {
    digits = (Math.imul(digits, 10) + digit) | 0;
    digit = bytes[++at]! - ZERO;
  }
  if (at === end) {
    const count = at - first;
    if (count > 9) return longDecimal(bytes, first, end, negative);
    if (count === 0) return NaN;
    return negative ? -digits : digits;
  }
  if (digit !== POINT - ZERO) return longDecimal(bytes, first, end, negative);
  const point = at;
  digit = bytes[++at]! - ZERO;
  while (digit >= 0 && digit <= 9) {
    digits = (Math.imul(digits, 10) + digit) | 0;
    digit = bytes[++at]! - ZERO;
  }
  const decimals = at - point - 1;
  if (at !== end || at - first > 10 || decimals === 0) return longDecimal(bytes, first, end, negative);
  const value = digits / EXACT_POWERS[decimals]!;
  return negative ? -value : value;
}

/**
 * Clinger's fast path: digits below 2^53 and a power of ten up to 22 are exact doubles, so that one
 * multiplication or division rounds once. NaN for all else.
 */
function longDecimal(bytes: Uint8Array, start: number, end: number, negative: boolean): number {
  let at = start;
  let digits = 0;
  while (at < end && isDigit(bytes[at]!)) digits = digits * 10 + (bytes[at++]! - ZERO);
  const whole = at - start;
  let exponent = 0;
  if (at < end && bytes[at] === POINT) {
    const point = at++;
    while (at < end && isDigit(bytes[at]!)) digits = digits * 10 + (bytes[at++]! - ZERO);
    exponent = point + 1 - at;
    if (exponent === 0) return NaN;
  } else if (whole === 0) {
    return NaN;
  }
  if (at < end && (bytes[at]! | 32) === LOWER_E) {
    at++;
    const sign = at < end && bytes[at] === MINUS ? -1 : 1;
    if (at < end && (bytes[at] === MINUS || bytes[at] === PLUS)) at++;
    const first = at;
    let written = 0;
    while (at < end && isDigit(bytes[at]!)) written = written * 10 + (bytes[at++]! - ZERO);
    if (at === first) return NaN;
    exponent += sign * written;
  }
  // The sum of the digits only grows, so a result below 2^53 was exact all the way.
  if (at !== end || !(digits <= Number.MAX_SAFE_INTEGER) || !(exponent <= 22 && exponent >= -22)) return NaN;
  const value = exponent < 0 ? digits / EXACT_POWERS[-exponent]! : digits * EXACT_POWERS[exponent]!;
  return negative ? -value : value;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

/** Sign, digits before and after the point, and exponent of a decimal text. */
const DECIMAL = /^([+-]?)(?:(\d+)(?:\.(\d+))?|\.(\d+))(?:[eE]([+-]?\d+))?$/;

/** The double nearest to a decimal text, Infinity if it is too large for one; undefined if it is no decimal. */
export function parseDecimal(text: string): number | undefined {
  return DECIMAL.test(text) ? Number(text) : undefined;
}

/** The digits that a 64-bit integer can have. */
const INT64_DIGITS = 19;

/**
 * The integer that a decimal text is exactly: of `52`, `52.0` and `5.2e1` 52n. `fraction` for a decimal that is no
 * integer, `large` for one of more than 19 digits, undefined for what is no decimal.
 */
export function parseInteger(text: string): bigint | 'fraction' | 'large' | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', decimals = match[4] ?? '', , written = '0'] = match;
  const significant = (whole + decimals).replace(/^0+/, '');
  const digits = significant.replace(/0+$/, '');
  if (digits === '') return 0n;
  const zeros = Number(written) - decimals.length + (significant.length - digits.length);
  if (zeros < 0) return 'fraction';
  if (digits.length + zeros > INT64_DIGITS) return 'large';
  const magnitude = BigInt(digits + '0'.repeat(zeros));
  return sign === '-' ? -magnitude : magnitude;
}
