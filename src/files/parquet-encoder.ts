import type { BlockEncoder, FileEncoderSpec } from '../domain/codecs.js';
import { writeChunk } from './parquet-chunk.js';
import { packRowGroup } from './parquet-row-group.js';
import { parquetColumns } from './parquet-schema.js';
import { constantTime, keyChunk, outputChunk, textsChunk } from './parquet-values.js';

/** Every block is a row group with its description; `ParquetAssembler` makes a file of them. */
export function makeParquetEncoder(spec: FileEncoderSpec): BlockEncoder {
  const scoredAt = BigInt(Date.parse(spec.scoredAt)) * 1000n;
  return {
    encode({ rows, keys, outputs, scoredBy }) {
      const columns = parquetColumns({
        keys: keys.map(({ type }, index) => ({ name: spec.keyNames[index]!, type })),
        outputs: outputs.map(({ column }) => column),
      });
      const values = [
        ...keys.map((key) => keyChunk(key, rows)),
        ...outputs.map((output) => outputChunk(output, rows)),
        textsChunk(spec.artefacts ?? [spec.artefact], scoredBy ?? new Int32Array(rows)),
        textsChunk([spec.attemptId], new Int32Array(rows)),
        constantTime(scoredAt, rows),
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
      return packRowGroup(parts, {
        columns: chunks,
        num_rows: BigInt(rows),
        total_byte_size: uncompressed,
        total_compressed_size: BigInt(size),
        file_offset: 0n,
      });
    },
  };
}
