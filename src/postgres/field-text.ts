import { numericText } from './numeric.js';
import type { Tuples } from './tuples.js';
import { LENGTH_BYTES } from './tuples.js';
import { wireKind, type WireKind } from './types.js';

/** Days from 1970-01-01 to 2000-01-01, the epoch of PostgreSQL's dates and timestamps. */
const EPOCH_DAYS = 10_957;
const DAY_MILLISECONDS = 86_400_000;
const LAST_DAY = 2 ** 31 - 1;
const FIRST_DAY = -(2 ** 31);
const LAST_MICROSECOND = 2n ** 63n - 1n;
const FIRST_MICROSECOND = -(2n ** 63n);

/** Where a text ends that starts at `at`: before the trailing spaces of a `character(n)`. */
export function textEnd(kind: WireKind, bytes: Uint8Array, at: number, length: number): number {
  let end = at + length;
  if (kind === 'bpchar') while (end > at && bytes[end - 1] === 32) end--;
  return end;
}

/**
 * One field as PostgreSQL writes it, times in UTC; floats in JavaScript's shortest form, and a type that predawn does not
 * know in hexadecimal.
 */
export function fieldText(kind: WireKind | undefined, view: DataView, at: number, length: number): string {
  const bytes = Buffer.from(view.buffer, view.byteOffset + at, length);
  switch (kind) {
    case 'bool':
      return view.getUint8(at) === 0 ? 'f' : 't';
    case 'int2':
      return String(view.getInt16(at));
    case 'int4':
      return String(view.getInt32(at));
    case 'int8':
      return String(view.getBigInt64(at));
    case 'float4':
      return singleText(view.getFloat32(at));
    case 'float8':
      return numberText(view.getFloat64(at));
    case 'numeric':
      return numericText(view, at);
    case 'text':
    case 'bpchar':
      return bytes.toString('utf8');
    case 'uuid':
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    case 'date':
      return dateText(view.getInt32(at));
    case 'timestamp':
      return timestampText(view.getBigInt64(at), '');
    case 'timestamptz':
      return timestampText(view.getBigInt64(at), '+00');
    case undefined:
      return `\\x${bytes.toString('hex')}`;
  }
}

/** A tuple as a record of CSV: NULL is nothing, an empty text `""`. */
export function tupleText(tuples: Tuples, row: number, types: readonly number[]): string {
  const { view, columns, fields } = tuples;
  return types
    .map((oid, column) => {
      const at = fields[row * columns + column]!;
      const length = view.getInt32(at);
      return length < 0 ? '' : quoted(fieldText(wireKind(oid), view, at + LENGTH_BYTES, length));
    })
    .join(',');
}

function quoted(text: string): string {
  return text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

/** The shortest text that a float4 can be read back from. */
function singleText(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return numberText(short);
  }
  return numberText(value);
}

function dateText(days: number): string {
  if (days === LAST_DAY) return 'infinity';
  if (days === FIRST_DAY) return '-infinity';
  return calendarText(
    (days + EPOCH_DAYS) * DAY_MILLISECONDS,
    (iso) => iso.slice(0, iso.indexOf('T')),
    days,
    'days',
  );
}

function timestampText(microseconds: bigint, zone: string): string {
  if (microseconds === LAST_MICROSECOND) return 'infinity';
  if (microseconds === FIRST_MICROSECOND) return '-infinity';
  const fraction = Number(BigInt.asUintN(64, ((microseconds % 1_000_000n) + 1_000_000n) % 1_000_000n));
  const seconds = Number((microseconds - BigInt(fraction)) / 1_000_000n);
  const decimals = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`;
  return calendarText(
    seconds * 1000 + EPOCH_DAYS * DAY_MILLISECONDS,
    (iso) => `${iso.slice(0, -'.000Z'.length).replace('T', ' ')}${decimals}${zone}`,
    microseconds,
    'microseconds',
  );
}

/** Years that a JavaScript date or four digits can't show are given as a distance. */
function calendarText(
  milliseconds: number,
  format: (iso: string) => string,
  since2000: number | bigint,
  unit: string,
): string {
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? format(date.toISOString()) : `2000-01-01 + ${since2000} ${unit}`;
}
