import { RecordBatchStreamWriter, type RecordBatch } from 'apache-arrow';
import type { BlockEncoder, FileEncoderSpec } from '../domain/codecs.js';
import { recordBatch } from './arrow-columns.js';

/** Every block is a whole Arrow IPC stream; `ArrowAssembler` takes its messages apart. */
export function makeArrowEncoder(spec: FileEncoderSpec): BlockEncoder {
  return { encode: (rows) => ipcStream(recordBatch(spec, rows)) };
}

function ipcStream(batch: RecordBatch): Uint8Array<ArrayBuffer> {
  const writer = new RecordBatchStreamWriter();
  writer.write(batch);
  writer.finish();
  const bytes = writer.toUint8Array(true);
  // A copy, where the bytes are only a part of their buffer: the result is transferred whole.
  if (bytes.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) {
    return bytes as Uint8Array<ArrayBuffer>;
  }
  return new Uint8Array(bytes);
}
