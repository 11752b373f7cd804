import { Compression, EnabledStatistics, Table, writeParquet, WriterPropertiesBuilder } from 'parquet-wasm';
import type { BlockEncoder, FileEncoderSpec } from '../domain/codecs.js';
import type { ScoredRows } from '../domain/columns.js';
import { recordBatch } from './arrow-columns.js';
import { ipcStream } from './arrow-encoder.js';

/** Every block is a whole Parquet file of one row group; `ParquetAssembler` puts the row groups together. */
export function makeParquetEncoder(spec: FileEncoderSpec): BlockEncoder {
  return {
    encode(rows) {
      const table = Table.fromIPCStream(ipcStream(recordBatch(spec, rows, 'dictionary')));
      return new Uint8Array(writeParquet(table, properties(spec, rows)));
    },
  };
}

/** Snappy: every reader has it. A dictionary only where values repeat: keys and scores rarely do. */
function properties(spec: FileEncoderSpec, rows: ScoredRows): ReturnType<WriterPropertiesBuilder['build']> {
  let builder = new WriterPropertiesBuilder()
    .setCompression(Compression.SNAPPY)
    .setStatisticsEnabled(EnabledStatistics.Chunk)
    .setMaxRowGroupSize(Math.max(1, rows.rows));
  for (const name of spec.keyNames) builder = builder.setColumnDictionaryEnabled(name, false);
  for (const { column } of rows.outputs) {
    if (column.type !== 'text') builder = builder.setColumnDictionaryEnabled(column.name, false);
  }
  return builder.build();
}
