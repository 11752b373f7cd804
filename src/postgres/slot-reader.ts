import type { FeatureData, FeatureSlot, FeatureType } from '../domain/columns.js';
import type { RowFaults } from './row-faults.js';
import type { Tuples } from './tuples.js';

/** Reads one column of a block's tuples into its places in a tensor. */
export interface SlotReader {
  /** Adds a fault for each row whose value cannot be had; what stands in its place then is of no meaning. */
  read(tuples: Tuples, tensor: FeatureData, faults: RowFaults): void;
}

export interface SlotContext {
  readonly slot: FeatureSlot;
  /** Values a row of the tensor has. */
  readonly width: number;
}

export type Fill = number | bigint | boolean | string;

/** What a missing value of a slot becomes; undefined where its row is rejected. */
export function replacement({ column, missing, type }: FeatureSlot): Fill | undefined {
  if (missing.then === 'reject') return undefined;
  const value = missing.then === 'nan' ? NaN : missing.value;
  if (!FITS[type](value))
    throw new TypeError(`Column ${column}: ${value} cannot stand for a missing ${type}`);
  return value;
}

const isNumber = (value: Fill): boolean => typeof value === 'number' || typeof value === 'bigint';
const isInteger = (value: Fill): boolean => typeof value === 'bigint' || Number.isSafeInteger(value);

/** Values that each type can hold. */
const FITS: Readonly<Record<FeatureType, (value: Fill) => boolean>> = {
  float32: isNumber,
  float64: isNumber,
  int64: (value) => isInteger(value) && BigInt.asIntN(64, BigInt(value)) === BigInt(value),
  int32: (value) => isInteger(value) && BigInt.asIntN(32, BigInt(value)) === BigInt(value),
  bool: (value) => typeof value === 'boolean' || value === 0 || value === 1,
  string: (value) => typeof value === 'string',
};
