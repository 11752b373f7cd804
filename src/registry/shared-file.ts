import { open } from 'node:fs/promises';

/** Reads a file into memory that threads can share. Throws as Node does. */
export async function readShared(path: string): Promise<Uint8Array<SharedArrayBuffer>> {
  const handle = await open(path, 'r');
  try {
    const { size } = await handle.stat();
    const bytes = new Uint8Array(new SharedArrayBuffer(size));
    for (let at = 0; at < size;) {
      const { bytesRead } = await handle.read(bytes, at, size - at, at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}
