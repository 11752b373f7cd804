import type { KeyColumn } from './columns.js';

/** Days from 1970-01-01 to 2000-01-01, the epoch of PostgreSQL's binary dates and timestamps. */
const POSTGRES_EPOCH_DAYS = 10_957;
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const MICROSECONDS_PER_DAY = 86_400_000_000n;

/** The key of one row as people write it, columns joined by `, `: what gates and errors name. */
export function keyText(keys: readonly KeyColumn[], row: number): string {
  return keys.map((key) => keyColumnText(key, row)).join(', ');
}

/** One key column of one row as people write it: the same text whichever kind of source it came from. */
export function keyColumnText(key: KeyColumn, row: number): string {
  const start = key.offsets[row]!;
  const bytes = Buffer.from(key.bytes.buffer, key.bytes.byteOffset + start, key.offsets[row + 1]! - start);
  switch (key.type) {
    case 'text':
      return bytes.toString('utf8');
    case 'int2':
      return String(bytes.readInt16BE());
    case 'int4':
      return String(bytes.readInt32BE());
    case 'int8':
      return String(bytes.readBigInt64BE());
    case 'uuid':
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    case 'date':
      return dateText(bytes.readInt32BE());
    case 'timestamp':
    case 'timestamptz':
      return timestampText(bytes.readBigInt64BE(), key.type === 'timestamptz');
  }
}

function dateText(days: number): string {
  if (days === 0x7fffffff || days === -0x80000000) return days > 0 ? 'infinity' : '-infinity';
  return isoText((days + POSTGRES_EPOCH_DAYS) * 86_400_000).split('T')[0]!;
}

function timestampText(microseconds: bigint, zoned: boolean): string {
  if (microseconds === INT64_MAX || microseconds === INT64_MIN)
    return microseconds > 0n ? 'infinity' : '-infinity';
  const sinceUnixEpoch = microseconds + BigInt(POSTGRES_EPOCH_DAYS) * MICROSECONDS_PER_DAY;
  const fraction = ((sinceUnixEpoch % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = isoText(Number((sinceUnixEpoch - fraction) / 1000n)).replace(/\.000Z$/, '');
  return `${seconds}.${String(fraction).padStart(6, '0')}${zoned ? 'Z' : ''}`;
}

/** PostgreSQL counts further than JavaScript's dates: the rest is told by its distance. */
function isoText(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? `${milliseconds / 1000} s from 1970` : date.toISOString();
}
