import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { PredawnError } from '../domain/errors.js';

/** Of each piece. */
const UNPACKED_BYTES = 128 * 1024;

/**
 * Unpacks a gzip stream of `size` packed bytes. Throws kind `input`, code `input.truncated`, if it is cut short,
 * corrupt, or followed by anything that is not gzip.
 */
export async function* gunzip(
  packed: AsyncIterable<Buffer>,
  { displayPath, size }: { readonly displayPath: string; readonly size: number },
): AsyncGenerator<Buffer> {
  const unpacked = createGunzip({ chunkSize: UNPACKED_BYTES });
  // What fails here destroys `unpacked` with the same error, so that the loop below throws it.
  pipeline(Readable.from(copies(packed), { highWaterMark: 1 }), unpacked).catch(() => undefined);
  try {
    yield* unpacked as AsyncIterable<Buffer>;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!code.startsWith('Z_')) throw error;
    throw notWhole(displayPath, error);
  } finally {
    unpacked.destroy();
  }
  // zlib stops without an error where a gzip stream ends and no other starts.
  if (unpacked.bytesWritten !== size) throw notWhole(displayPath);
}

/** A piece is overwritten when the next is asked for, which is while zlib still works at it. */
async function* copies(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const piece of pieces) yield Buffer.from(piece);
}

function notWhole(displayPath: string, cause?: unknown): PredawnError {
  return new PredawnError('input', 'input.truncated', `${displayPath} is no whole gzip file`, {
    hint: 'Check that its delivery is complete, then run again.',
    cause,
  });
}
