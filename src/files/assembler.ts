import type { TargetTable } from '../domain/publication.js';
import { CodedTexts } from '../domain/coded-texts.js';
import type { FileEncoderSpec } from '../domain/codecs.js';
import type { ScoredRows } from '../domain/columns.js';

/**
 * Puts encoded blocks together to one file, in block order, on the main thread: it must not do work per row.
 * Every method returns the bytes to write next.
 */
export interface Assembler {
  /** `payload` holds `rows` rows, none perhaps. The result may be parts of `payload`. */
  add(payload: Uint8Array, rows: number): readonly Uint8Array[];
  /** What comes after the last block. At least one block was added: an empty one, where there are no rows. */
  end(): readonly Uint8Array[];
}

export async function makeAssembler(target: TargetTable, spec: FileEncoderSpec): Promise<Assembler> {
  switch (target.format) {
    case 'parquet':
      return new (await import('./parquet-assembler.js')).ParquetAssembler(target, spec);
    case 'arrow':
      return new (await import('./arrow-assembler.js')).ArrowAssembler();
    case 'csv':
      return new (await import('./csv-assembler.js')).CsvAssembler(target);
  }
}

/** No rows of the target's columns, for the schema of a file that holds none. */
export function noRows({ keys, outputs }: TargetTable): ScoredRows {
  return {
    rows: 0,
    keys: keys.map(({ type }) => ({ type, offsets: new Int32Array(1), bytes: new Uint8Array(0) })),
    outputs: outputs.map((column) => ({ column, data: emptyData[column.type](), offset: 0, stride: 1 })),
  };
}

const emptyData = {
  float4: () => new Float32Array(0),
  float8: () => new Float64Array(0),
  int4: () => new Int32Array(0),
  int8: () => new BigInt64Array(0),
  bool: () => new Uint8Array(0),
  text: () => CodedTexts.from([]),
};
