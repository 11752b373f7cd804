import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { FILE_MODE } from './disk.js';

/** A new file that is written from start to end, with the digest of its bytes. */
export class StagedFile {
  readonly #hash = createHash('sha256');

  private constructor(private readonly handle: FileHandle) {}

  static async create(path: string): Promise<StagedFile> {
    return new StagedFile(await open(path, 'wx', FILE_MODE));
  }

  async write(parts: readonly Uint8Array[]): Promise<void> {
    for (const part of parts) {
      this.#hash.update(part);
      await this.handle.writeFile(part);
    }
  }

  /** Flushes the file to disk and closes it. Returns its digest, `sha256:<hex>`. */
  async finish(): Promise<string> {
    await this.handle.sync();
    await this.handle.close();
    return `sha256:${this.#hash.digest('hex')}`;
  }

  async close(): Promise<void> {
    await this.handle.close();
  }
}

/** `sha256:<hex>` of a file. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return `sha256:${hash.digest('hex')}`;
}
