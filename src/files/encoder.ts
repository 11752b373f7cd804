import type { BlockEncoder, FileEncoderSpec } from '../domain/codecs.js';

/**
 * Encodes scored rows for a predictions file. Columns are the keys, the outputs, artefact, attempt_id and scored_at;
 * `as_of` is the folder's name, as Hive layout has it: pyarrow and pandas refuse a folder whose files have the
 * partition's column as well. What a block's payload is, its format's assembler knows.
 *
 * The libraries are loaded by the format that needs them: about 0.1 s for Arrow.
 */
export async function makeFileEncoder(spec: FileEncoderSpec): Promise<BlockEncoder> {
  switch (spec.kind) {
    case 'parquet':
      return (await import('./parquet-encoder.js')).makeParquetEncoder(spec);
    case 'arrow':
      return (await import('./arrow-encoder.js')).makeArrowEncoder(spec);
    case 'csv':
      return (await import('./csv-encoder.js')).makeCsvEncoder(spec);
  }
}
