import type { SchemaElement } from 'hyparquet';
import type { BlockEncoder, FileEncoderSpec } from '../domain/codecs.js';
import type { ScoredRows } from '../domain/columns.js';
import { writeChunk } from './parquet-chunk.js';
import { rowGroupDescriber } from './parquet-footer.js';
import { packRowGroup } from './parquet-row-group.js';
import { parquetColumns } from './parquet-schema.js';
import { constantText, constantTime, keyChunk, outputChunk, textsChunk } from './parquet-values.js';

/** Every block is a row group with its description; `ParquetAssembler` makes a file of them. */
export function makeParquetEncoder(spec: FileEncoderSpec): BlockEncoder {
  const artefact = constantText(spec.artefact);
  const attemptId = constantText(spec.attemptId);
  const scoredAt = constantTime(BigInt(Date.parse(spec.scoredAt)) * 1000n);
  let columns: readonly SchemaElement[] | undefined;
  let describe: ReturnType<typeof rowGroupDescriber> | undefined;
  return {
    encode({ rows, keys, outputs, scoredBy }) {
      columns ??= columnsOf(spec, { keys, outputs });
      describe ??= rowGroupDescriber(columns);
      const values = [
        ...keys.map((key) => keyChunk(key, rows)),
        ...outputs.map((output) => outputChunk(output, rows)),
        scoredBy === undefined ? artefact : textsChunk(spec.artefacts ?? [spec.artefact], scoredBy),
        attemptId,
        scoredAt,
      ];
      const parts: Uint8Array[] = [];
      let size = 0;
      let uncompressed = 0n;
      const chunks = columns.map((column, index) => {
        const chunk = writeChunk(column, values[index]!, rows, size, parts);
        size += Number(chunk.total_compressed_size);
        uncompressed += chunk.total_uncompressed_size;
        return { file_offset: 0n, meta_data: chunk };
      });
      const rowGroup = describe({
        columns: chunks,
        num_rows: BigInt(rows),
        total_byte_size: uncompressed,
        total_compressed_size: BigInt(size),
        file_offset: 0n,
      });
      return packRowGroup(parts, rowGroup);
    },
  };
}

function columnsOf({ keyNames }: FileEncoderSpec, { keys, outputs }: Pick<ScoredRows, 'keys' | 'outputs'>) {
  return parquetColumns({
    keys: keys.map(({ type }, index) => ({ name: keyNames[index]!, type })),
    outputs: outputs.map(({ column }) => column),
  });
}
