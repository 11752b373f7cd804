import type { KeyColumn } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';

/** Days and microseconds from 1970-01-01 to 2000-01-01, where the key bytes' dates and times start. */
const EPOCH_DAYS = 10_957;
const EPOCH_MICROSECONDS = 946_684_800_000_000n;

/** The values of an int2 or int4 key column. */
export function intKeys(key: KeyColumn, rows: number): Int32Array {
  const view = viewOf(key);
  const values = new Int32Array(rows);
  const narrow = key.type === 'int2';
  for (let row = 0; row < rows; row++) {
    const at = key.offsets[row]!;
    values[row] = narrow ? view.getInt16(at) : view.getInt32(at);
  }
  return values;
}

/** The values of an int8 key column. */
export function bigKeys(key: KeyColumn, rows: number): BigInt64Array {
  const view = viewOf(key);
  const values = new BigInt64Array(rows);
  for (let row = 0; row < rows; row++) values[row] = view.getBigInt64(key.offsets[row]!);
  return values;
}

/** The values of a date key column, in days since 1970-01-01. */
export function dateKeys(key: KeyColumn, rows: number): Int32Array {
  const view = viewOf(key);
  const values = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const days = view.getInt32(key.offsets[row]!);
    if (days === 0x7fffffff || days === -0x80000000) throw infinite();
    values[row] = days + EPOCH_DAYS;
  }
  return values;
}

/** The values of a timestamp or timestamptz key column, in microseconds since 1970-01-01T00:00:00. */
export function timestampKeys(key: KeyColumn, rows: number): BigInt64Array {
  const view = viewOf(key);
  const values = new BigInt64Array(rows);
  for (let row = 0; row < rows; row++) {
    const microseconds = view.getBigInt64(key.offsets[row]!);
    if (microseconds === 0x7fffffffffffffffn || microseconds === -0x8000000000000000n) throw infinite();
    values[row] = microseconds + EPOCH_MICROSECONDS;
  }
  return values;
}

/** A uuid key column as its usual text, in lower case with hyphens. */
export function uuidTexts(key: KeyColumn, rows: number): KeyColumn {
  const offsets = new Int32Array(rows + 1);
  const bytes = new Uint8Array(rows * 36);
  let to = 0;
  for (let row = 0; row < rows; row++) {
    const from = key.offsets[row]!;
    for (let i = 0; i < 16; i++) {
      if (i === 4 || i === 6 || i === 8 || i === 10) bytes[to++] = 0x2d;
      const byte = key.bytes[from + i]!;
      bytes[to++] = hexDigit(byte >>> 4);
      bytes[to++] = hexDigit(byte & 15);
    }
    offsets[row + 1] = to;
  }
  return { type: 'text', offsets, bytes };
}

/** `YYYY-MM-DD` of days since 1970-01-01. */
export function dateText(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, -14);
}

/** `YYYY-MM-DDTHH:MM:SS.ffffff` of microseconds since 1970-01-01, with a `Z` where they are an instant. */
export function timestampText(microseconds: bigint, instant: boolean): string {
  const fraction = ((microseconds % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (microseconds - fraction) / 1_000_000n;
  const date = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  return `${date}.${String(fraction).padStart(6, '0')}${instant ? 'Z' : ''}`;
}

function viewOf({ bytes }: KeyColumn): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function hexDigit(value: number): number {
  return value + (value < 10 ? 0x30 : 0x57);
}

function infinite(): PredawnError {
  return new PredawnError('data', 'files.infinite_key', 'A key is an infinite date or time.', {
    hint: 'Files hold finite dates only: leave such rows out of the input.',
  });
}
