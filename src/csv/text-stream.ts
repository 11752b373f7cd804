import { transcode } from 'node:buffer';
import { PredawnError } from '../domain/errors.js';
import type { TextEncoding } from '../domain/job.js';
import { gunzip } from './gunzip.js';

const UTF8_BOM = Buffer.of(0xef, 0xbb, 0xbf);
const UTF16LE_BOM = Buffer.of(0xff, 0xfe);
const UTF16BE_BOM = Buffer.of(0xfe, 0xff);
/** Enough to know a BOM by, and to see whether text has the zero bytes that UTF-16 always has. */
const HEAD_BYTES = 1024;

type Bytes = AsyncIterable<Buffer>;

/** Where bytes come from, and how they are to be read. */
export interface TextOrigin {
  readonly displayPath: string;
  readonly encoding: TextEncoding;
  readonly isGzip: boolean;
  /** How many bytes there are, as they are stored. */
  readonly size: number;
}

/**
 * The bytes of a file as UTF-8 text without a BOM: unpacked and transcoded. That UTF-8 is UTF-8 is left to the
 * decoder, which knows lines. Each piece is valid until the next is asked for. Throws kind `input`, code
 * `input.truncated`, for a gzip stream that is cut short or corrupt, or UTF-16 that ends inside a character; kind
 * `data`, code `csv.encoding`, where the bytes show that the encoding is another one.
 */
export async function* readText(bytes: Bytes, origin: TextOrigin): AsyncGenerator<Buffer> {
  const plain = origin.isGzip ? gunzip(bytes, origin) : bytes;
  const iterator = plain[Symbol.asyncIterator]();
  try {
    let head: Buffer = Buffer.alloc(0);
    while (head.length < HEAD_BYTES) {
      const next = await iterator.next();
      if (next.done === true) break;
      head = Buffer.concat([head, next.value]);
    }
    const start = head.subarray(bomLength(head, origin));
    yield* transcoded(withStart(start, iterator), origin);
  } finally {
    await iterator.return?.();
  }
}

async function* withStart(start: Buffer, rest: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (start.length > 0) yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

function bomLength(head: Buffer, { displayPath, encoding }: TextOrigin): number {
  const utf16le = startsWith(head, UTF16LE_BOM);
  const utf8 = startsWith(head, UTF8_BOM);
  if (encoding === 'utf-16le' ? utf16le : encoding === 'utf-8' && utf8) return encoding === 'utf-8' ? 3 : 2;
  if (utf16le) throw wrongEncoding(displayPath, 'starts with the mark of UTF-16', encoding, 'utf-16le');
  if (utf8) throw wrongEncoding(displayPath, 'starts with the mark of UTF-8', encoding, 'utf-8');
  if (startsWith(head, UTF16BE_BOM)) {
    throw new PredawnError('data', 'csv.encoding', `${displayPath} is big-endian UTF-16`, {
      hint: 'Have it delivered as UTF-8 (or utf-16le, latin1).',
    });
  }
  const zeros = head.includes(0);
  if (encoding === 'utf-16le' && head.length > 0 && !zeros) {
    throw wrongEncoding(displayPath, 'has no zero byte at its start, as UTF-16 would', encoding, 'utf-8');
  }
  return 0;
}

function startsWith(head: Buffer, mark: Buffer): boolean {
  return head.subarray(0, mark.length).equals(mark);
}

function wrongEncoding(
  displayPath: string,
  how: string,
  is: TextEncoding,
  should: TextEncoding,
): PredawnError {
  return new PredawnError('data', 'csv.encoding', `${displayPath} ${how}, but input.encoding is ${is}`, {
    hint: `Set input.encoding to ${should}.`,
  });
}

async function* transcoded(bytes: Bytes, { displayPath, encoding }: TextOrigin): AsyncGenerator<Buffer> {
  switch (encoding) {
    case 'utf-8':
      yield* bytes;
      break;
    case 'latin1':
      for await (const piece of bytes) yield transcode(piece, 'latin1', 'utf8');
      break;
    case 'utf-16le':
      yield* fromUtf16(bytes, displayPath);
  }
}

async function* fromUtf16(bytes: Bytes, displayPath: string): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true });
  let lines = 0;
  const decode = (piece?: Buffer): Buffer => {
    try {
      return Buffer.from(decoder.decode(piece, { stream: piece !== undefined }));
    } catch (cause) {
      if (piece === undefined) {
        throw new PredawnError('input', 'input.truncated', `${displayPath} ends inside a character`, {
          hint: 'Check that its delivery is complete, then run again.',
          cause,
        });
      }
      throw new PredawnError('data', 'csv.encoding', `${displayPath}, after line ${lines}: not UTF-16`, {
        hint: 'Set input.encoding to the encoding the file is written in.',
        cause,
      });
    }
  };
  for await (const piece of bytes) {
    const text = decode(piece);
    yield text;
    for (let at = text.indexOf(10); at !== -1; at = text.indexOf(10, at + 1)) lines++;
  }
  yield decode();
}

/** The text from byte `count` on. */
export async function* withoutStart(text: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const piece of text) {
    if (left < piece.length) yield piece.subarray(left);
    left = Math.max(0, left - piece.length);
  }
}

/** The first `count` bytes of a text, fewer where it has fewer. */
export async function* onlyStart(text: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  if (left === 0) return;
  for await (const piece of text) {
    yield piece.subarray(0, left);
    left -= Math.min(left, piece.length);
    if (left === 0) return;
  }
}

/** Lines of some whole records, as the decoder counts them; the last one may have no line end. */
export function countLines(records: Uint8Array, lineEnd: number): number {
  let lines = 0;
  for (let at = records.indexOf(lineEnd); at !== -1; at = records.indexOf(lineEnd, at + 1)) lines++;
  return records.length > 0 && records[records.length - 1] !== lineEnd ? lines + 1 : lines;
}

/** Bytes of a mark at the start of UTF-8 text, as `readText` takes it off. */
export function utf8MarkLength(head: Buffer): number {
  return startsWith(head, UTF8_BOM) ? UTF8_BOM.length : 0;
}
