import type { Block } from '../domain/columns.js';
import { joinPieces, PIECE_BYTES, ShardHash } from '../domain/shard-cuts.js';
import type { Shard, ShardedInput } from '../domain/shards.js';
import type { ShardSource } from '../domain/source.js';
import { RecordCutter } from './cutter.js';
import type { Dialect } from './dialect.js';
import { assertUnchanged, changed, type InputFile, readBytes, readRange } from './input-file.js';
import { onlyStart, readText, type TextOrigin, utf8MarkLength, withoutStart } from './text-stream.js';

/** An open CSV file, and how its text is written. */
export interface CsvText {
  readonly file: InputFile;
  readonly origin: TextOrigin;
  readonly dialect: Dialect;
  readonly location: string;
}

/**
 * A part of a file as an input of its own. Plain UTF-8 is read from where the part begins; what is packed or in another
 * encoding is read from its start, and dropped up to there.
 */
export function openCsvShard(
  text: CsvText,
  blockBytes: number,
  { summary, shards }: ShardedInput,
  index: number,
): ShardSource {
  const shard = shards[index]!;
  const { file } = text;
  return {
    location: text.location,
    linesBefore: shard.linesBefore,
    async *blocks(signal: AbortSignal): AsyncGenerator<Block> {
      const { size } = file.opened;
      if (Number(size) !== summary.bytes)
        throw changed(file, `it had ${summary.bytes} bytes when it was planned, and now has ${size}`);
      const hash = new ShardHash(shard);
      let sequence = 0;
      for await (const bytes of joinPieces(pieces(text, shard, hash, signal), blockBytes)) {
        yield { sequence: sequence++, bytes };
        signal.throwIfAborted();
      }
      if (hash.digest() !== shard.digest)
        throw changed(file, `shard ${index} is not what it was when it was planned`);
      await assertUnchanged(file);
    },
  };
}

async function* pieces(
  text: CsvText,
  shard: Shard,
  hash: ShardHash,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const { dialect, location } = text;
  const cutter = new RecordCutter({ dialect, location, blockBytes: PIECE_BYTES, firstByte: shard.from });
  for await (const bytes of onlyStart(fromStartOf(shard, text, signal), shard.to - shard.from)) {
    for (const piece of cutter.push(bytes)) {
      hash.add(piece);
      yield piece;
    }
  }
  const { block } = cutter.end();
  if (block === undefined) return;
  hash.add(block);
  yield block;
}

async function* fromStartOf(
  { from, to }: Shard,
  { file, origin }: CsvText,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  if (origin.isGzip || origin.encoding !== 'utf-8') {
    yield* withoutStart(readText(readBytes(file, signal), origin), from);
    return;
  }
  const head = Buffer.alloc(3);
  const { bytesRead } = await file.handle.read(head, 0, head.length, 0);
  const mark = utf8MarkLength(head.subarray(0, bytesRead));
  yield* readRange(file, mark + from, Math.min(mark + to, Number(file.opened.size)), signal);
}
