import { deserialize, serialize } from 'node:v8';
import type { RowGroupDescription } from './parquet-footer.js';

/** What a thread returns for a block: the bytes of a row group, their description, and the description's length. */
export function packRowGroup(
  parts: readonly Uint8Array[],
  rowGroup: RowGroupDescription,
): Uint8Array<ArrayBuffer> {
  // It's read by the process that wrote it.
  const description = serialize(rowGroup);
  const size = parts.reduce((total, { length }) => total + length, 0);
  const payload = new Uint8Array(size + description.length + 4);
  let at = 0;
  for (const part of parts) {
    payload.set(part, at);
    at += part.length;
  }
  payload.set(description, size);
  new DataView(payload.buffer).setUint32(payload.length - 4, description.length, true);
  return payload;
}

/** Both are views of `payload`. */
export function unpackRowGroup(payload: Uint8Array): { bytes: Uint8Array; rowGroup: RowGroupDescription } {
  const end = payload.length - 4;
  const size = end - new DataView(payload.buffer, payload.byteOffset).getUint32(end, true);
  const rowGroup = deserialize(payload.subarray(size, end)) as RowGroupDescription;
  return { bytes: payload.subarray(0, size), rowGroup };
}
