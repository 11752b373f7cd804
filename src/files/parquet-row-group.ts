import { deserialize, serialize } from 'node:v8';
import type { RowGroup } from 'hyparquet';

/**
 * What a thread returns for a block: the bytes of a row group, their description with offsets that count from the row
 * group's start, and the description's length.
 */
export function packRowGroup(parts: readonly Uint8Array[], group: RowGroup): Uint8Array<ArrayBuffer> {
  // Knows bigints, bytes and negative zero, as JSON doesn't; it's read by the process that wrote it.
  const description = serialize(group);
  const size = Number(group.total_compressed_size);
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

/** `bytes` is a part of `payload`; `group` has memory of its own, since a file keeps those of all its row groups. */
export function unpackRowGroup(payload: Uint8Array): { bytes: Uint8Array; group: RowGroup } {
  const end = payload.length - 4;
  const size = end - new DataView(payload.buffer, payload.byteOffset).getUint32(end, true);
  // What `deserialize` makes of bytes are views of what it was given.
  const description = new Uint8Array(payload.subarray(size, end));
  return { bytes: payload.subarray(0, size), group: deserialize(description) as RowGroup };
}
