import type { BlockEncoder, FileEncoderSpec } from '../domain/codecs.js';
import type { Attempt } from '../domain/publication.js';

/** How the blocks of an attempt are encoded. */
export function fileEncoding(attempt: Attempt): FileEncoderSpec {
  const { target, asOf, artefact, canary } = attempt;
  return {
    kind: target.format,
    keyNames: target.keys.map(({ name }) => name),
    asOf,
    artefact,
    artefacts: canary === undefined ? undefined : [artefact, canary],
    attemptId: attempt.id,
    scoredAt: attempt.startedAt,
  };
}

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
