/*
 * The binary format of `numeric`: four 16-bit numbers (count of digits, weight of the first one, sign, digits after the
 * decimal point), then the digits to the base 10,000. The value is the sum of digit[i] * 10000^(weight - i).
 */

const HEADER_BYTES = 8;
const NEGATIVE = 0x4000;
const NOT_A_NUMBER = 0xc000;
const POSITIVE_INFINITY = 0xd000;
const NEGATIVE_INFINITY = 0xf000;

const BASE = 10_000;
const BASE_DIGITS = 4;

/** A number of up to this size can take one more digit and still be an exact double. */
const ROOM_FOR_ONE_MORE = (Number.MAX_SAFE_INTEGER - (BASE - 1)) / BASE;

/** Powers of ten that are exact doubles. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

/**
 * The double nearest to a numeric whose value starts at `at`; NaN and the infinities are themselves. Of a finite
 * value beyond the doubles, an infinity.
 */
export function readNumeric(view: DataView, at: number): number {
  const count = view.getInt16(at);
  const weight = view.getInt16(at + 2);
  const sign = view.getUint16(at + 4);
  if (sign > NEGATIVE) return special(sign);
  let digits = 0;
  for (let index = 0, from = at + HEADER_BYTES; index < count; index++, from += 2) {
    if (digits > ROOM_FOR_ONE_MORE) return Number(numericText(view, at));
    digits = digits * BASE + view.getInt16(from);
  }
  const exponent = BASE_DIGITS * (weight - count + 1);
  if (exponent < -22 || exponent > 22) return Number(numericText(view, at));
  // One operation on two exact doubles rounds once, and so to the nearest.
  const value = exponent < 0 ? digits / POWERS[-exponent]! : digits * POWERS[exponent]!;
  return sign === NEGATIVE && value !== 0 ? -value : value;
}

/** Whether a numeric is NaN or infinite, rather than only too large for a double. */
export function isSpecialNumeric(view: DataView, at: number): boolean {
  return view.getUint16(at + 4) > NEGATIVE;
}

/** Whether a numeric shows no digits after the decimal point. */
export function isWrittenAsInteger(view: DataView, at: number): boolean {
  return view.getUint16(at + 6) === 0;
}

/** The integer that a finite numeric is exactly (of `5.00` 5n); undefined if it is none. */
export function readNumericInteger(view: DataView, at: number): bigint | undefined {
  const [whole = '', fraction = ''] = numericText(view, at).split('.');
  return /[1-9]/.test(fraction) ? undefined : BigInt(whole);
}

/** As PostgreSQL writes it. */
export function numericText(view: DataView, at: number): string {
  const count = view.getInt16(at);
  const weight = view.getInt16(at + 2);
  const sign = view.getUint16(at + 4);
  const scale = view.getUint16(at + 6);
  if (sign > NEGATIVE) return String(special(sign));
  const digit = (index: number): string =>
    String(index >= 0 && index < count ? view.getInt16(at + HEADER_BYTES + 2 * index) : 0).padStart(
      BASE_DIGITS,
      '0',
    );
  let whole = '';
  for (let index = 0; index <= weight; index++) whole += digit(index);
  let fraction = '';
  for (let index = weight + 1; fraction.length < scale; index++) fraction += digit(index);
  const text = whole.replace(/^0+/, '') || '0';
  return (sign === NEGATIVE ? '-' : '') + text + (scale > 0 ? `.${fraction.slice(0, scale)}` : '');
}

function special(sign: number): number {
  if (sign === POSITIVE_INFINITY) return Infinity;
  if (sign === NEGATIVE_INFINITY) return -Infinity;
  if (sign === NOT_A_NUMBER) return NaN;
  throw new RangeError(`A numeric with the sign ${sign}`);
}
