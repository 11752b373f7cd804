import type { BigIntStats } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import type { Hash } from 'node:crypto';
import { PredawnError } from '../domain/errors.js';

const READ_BYTES = 256 * 1024;
const GZIP_MAGIC = Buffer.of(0x1f, 0x8b);

/** A file as it was when it was opened. */
export interface InputFile {
  readonly path: string;
  /** For messages. */
  readonly displayPath: string;
  readonly handle: FileHandle;
  readonly opened: BigIntStats;
  /** By its name, or by its first two bytes; an empty file is not. */
  readonly isGzip: boolean;
}

/** Opens a regular file. Errors of the file system come as they are; see `openFault`. */
export async function openInputFile(path: string, displayPath: string): Promise<InputFile> {
  // Before it is opened: to open a named pipe would wait for its writer.
  if (!(await stat(path)).isFile()) {
    throw new PredawnError('configuration', 'input.not_a_file', `${displayPath} is not a regular file`, {
      hint: 'Set input.csv to the path of a CSV file.',
    });
  }
  const handle = await open(path);
  try {
    const opened = await handle.stat({ bigint: true });
    const { buffer } = await handle.read(Buffer.alloc(GZIP_MAGIC.length), { position: 0 });
    return {
      path,
      displayPath,
      handle,
      opened,
      isGzip: opened.size > 0n && (path.endsWith('.gz') || buffer.equals(GZIP_MAGIC)),
    };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * The file's bytes from the start, as many as it had when it was opened. Each piece is valid until the next is asked
 * for; `hash` takes in all of them. Throws kind `input`, code `input.changed`, if there are fewer; `assertUnchanged` tells of more.
 */
export function readBytes(file: InputFile, signal?: AbortSignal, hash?: Hash): AsyncGenerator<Buffer> {
  return readRange(file, 0, Number(file.opened.size), signal, hash);
}

/** As `readBytes`, of the bytes [from, to). */
export async function* readRange(
  file: InputFile,
  from: number,
  to: number,
  signal?: AbortSignal,
  hash?: Hash,
): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, to - from));
  for (let position = from; position < to;) {
    signal?.throwIfAborted();
    const wanted = Math.min(buffer.length, to - position);
    const { bytesRead } = await file.handle.read(buffer, 0, wanted, position);
    if (bytesRead === 0) throw changed(file, `it ended after ${position} of ${file.opened.size} bytes`);
    position += bytesRead;
    const piece = buffer.subarray(0, bytesRead);
    hash?.update(piece);
    yield piece;
  }
  signal?.throwIfAborted();
}

/** Throws kind `input`, code `input.changed`, if the path no longer names the very bytes that were opened. */
export async function assertUnchanged(file: InputFile): Promise<void> {
  const { opened } = file;
  const named = await stat(file.path, { bigint: true }).catch(() => undefined);
  if (named === undefined) throw changed(file, 'it was removed');
  if (named.ino !== opened.ino || named.dev !== opened.dev) throw changed(file, 'another file replaced it');
  if (named.size !== opened.size)
    throw changed(file, `it had ${opened.size} bytes and now has ${named.size}`);
  if (named.mtimeNs !== opened.mtimeNs) throw changed(file, 'it was written to');
}

/** `sha256:<hex>` of the file's bytes as they are. */
export async function digestOf(file: InputFile, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const pieces = readBytes(file, signal, hash);
  while ((await pieces.next()).done !== true);
  await assertUnchanged(file);
  return `sha256:${hash.digest('hex')}`;
}

/** Kind `input`, code `input.changed`. */
export function changed({ displayPath }: InputFile, how: string): PredawnError {
  return new PredawnError('input', 'input.changed', `${displayPath} changed while it was read: ${how}`, {
    hint: 'Run again when the delivery is complete. Who delivers should write to another name, then rename.',
  });
}
