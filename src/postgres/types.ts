import type { FeatureType, KeyType } from '../domain/columns.js';

/** How the binary format of a type is to be read. */
export type WireKind =
  | 'bool'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'float4'
  | 'float8'
  | 'numeric'
  | 'text'
  /** `character(n)`: text whose trailing spaces mean nothing, as when PostgreSQL casts it to text. */
  | 'bpchar'
  | 'uuid'
  | 'date'
  | 'timestamp'
  | 'timestamptz';

export const TEXT_OID = 25;

const KINDS: ReadonlyMap<number, WireKind> = new Map([
  [16, 'bool'],
  [18, 'text'], // "char"
  [20, 'int8'],
  [21, 'int2'],
  [23, 'int4'],
  [TEXT_OID, 'text'],
  [700, 'float4'],
  [701, 'float8'],
  [1042, 'bpchar'],
  [1043, 'text'], // character varying
  [1082, 'date'],
  [1114, 'timestamp'],
  [1184, 'timestamptz'],
  [1700, 'numeric'],
  [2950, 'uuid'],
]);

const NUMBERS: readonly FeatureType[] = ['float32', 'float64', 'int64', 'int32'];

const FEEDS: Readonly<Record<WireKind, ReadonlySet<FeatureType>>> = {
  bool: new Set(['bool', ...NUMBERS]),
  int2: new Set([...NUMBERS, 'string']),
  int4: new Set([...NUMBERS, 'string']),
  int8: new Set([...NUMBERS, 'string']),
  float4: new Set(NUMBERS),
  float8: new Set(NUMBERS),
  numeric: new Set(NUMBERS),
  text: new Set(['string']),
  bpchar: new Set(['string']),
  uuid: new Set(['string']),
  date: new Set(),
  timestamp: new Set(),
  timestamptz: new Set(),
};

const KEYS: Readonly<Partial<Record<WireKind, KeyType>>> = {
  int2: 'int2',
  int4: 'int4',
  int8: 'int8',
  text: 'text',
  bpchar: 'text',
  uuid: 'uuid',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamptz',
};

/** Undefined for a type that predawn neither scores nor keeps as a key. */
export function wireKind(oid: number): WireKind | undefined {
  return KINDS.get(oid);
}

/** Model input types that values of a type can become, each value checked. */
export function feedsOf(oid: number): ReadonlySet<FeatureType> {
  const kind = KINDS.get(oid);
  return kind === undefined ? new Set() : FEEDS[kind];
}

/** The type of a key column, undefined for a type that can't be a key. */
export function keyTypeOf(oid: number): KeyType | undefined {
  const kind = KINDS.get(oid);
  return kind === undefined ? undefined : KEYS[kind];
}
