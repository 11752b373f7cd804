import type { CommonExports } from '../kernel/memory.js';

/** What `assembly/kernel.ts` exports; addresses and lengths are in bytes. */
export interface KernelExports extends CommonExports {
  readonly findFields: (bytes: number, length: number, columns: number, fields: number) => number;
  readonly nulls: (bytes: number, field: number, stride: number, rows: number, found: number) => number;
  readonly float32s: ReadNumbers;
  readonly float64s: ReadNumbers;
  readonly int32s: ReadNumbers;
  readonly int64s: ReadNumbers;
  readonly bools: (
    bytes: number,
    field: number,
    stride: number,
    rows: number,
    fill: number,
    out: number,
    odd: number,
  ) => number;
  readonly texts: (
    bytes: number,
    field: number,
    stride: number,
    rows: number,
    nullCode: number,
    table: number,
    codes: number,
    from: number,
  ) => number;
  readonly copyKeys: (
    bytes: number,
    field: number,
    stride: number,
    rows: number,
    padded: number,
    skipped: number,
    skips: number,
    out: number,
    offsets: number,
  ) => number;
}

type ReadNumbers = (
  kind: number,
  bytes: number,
  field: number,
  stride: number,
  rows: number,
  fill: number,
  out: number,
  odd: number,
) => number;
