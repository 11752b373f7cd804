import { createHash } from 'node:crypto';
import { CsvError, parse } from 'csv-parse/sync';
import type { CsvDecoderSpec } from '../domain/codecs.js';
import type { Block, FeatureType } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import type { CsvInput } from '../domain/job.js';
import { PIECE_BYTES, ShardPlanner } from '../domain/shard-cuts.js';
import type { ShardedInput } from '../domain/shards.js';
import type { InputSummary, ShardSource, Source, SourceDescription } from '../domain/source.js';
import { RecordCutter } from './cutter.js';
import { dialectOf, parserQuotes } from './dialect.js';
import { checkNames, parseHeader, readFirstRecord } from './header.js';
import type { FirstRecord } from './header.js';
import { assertUnchanged, digestOf, openInputFile, readBytes } from './input-file.js';
import type { InputFile } from './input-file.js';
import { openFault } from './missing-file.js';
import type { InputRequest } from './missing-file.js';
import { openCsvShard } from './shard.js';
import { countLines, readText, withoutStart } from './text-stream.js';
import type { TextOrigin } from './text-stream.js';

const EVERY_TYPE: ReadonlySet<FeatureType> = new Set([
  'float32',
  'float64',
  'int64',
  'int32',
  'bool',
  'string',
]);

export interface CsvSourceOptions extends InputRequest {
  readonly input: CsvInput;
  /** About how many bytes of UTF-8 text a block has. */
  readonly blockBytes: number;
}

/**
 * Opens one day's CSV file and reads its header. Throws kind `input` for a file that is absent (`input.missing`,
 * with the nearest dates there are), empty (`input.empty`) or cut short (`input.truncated`); kind `data` for a header
 * or an encoding that cannot be right (`csv.…`); kind `configuration` for what is no file or may not be read.
 */
export async function openCsvSource(options: CsvSourceOptions): Promise<Source> {
  const { path, displayPath, input } = options;
  const file = await openInputFile(path, displayPath).catch(async (error: unknown) => {
    throw await openFault(error, options);
  });
  try {
    const first = await readFirstRecord(
      readText(readBytes(file), textOrigin(options, file)),
      input,
      displayPath,
    );
    if (first === undefined) {
      throw new PredawnError('input', 'input.empty', `${displayPath} is empty`, {
        hint: 'Check that its delivery is complete; a day without rows still has a header line.',
      });
    }
    if (input.header !== undefined) checkNames(input.header, 'input.header');
    const columns = input.header ?? parseHeader(first, input, displayPath);
    return new CsvSource(options, file, first, columns);
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

function textOrigin({ displayPath, input }: CsvSourceOptions, file: InputFile): TextOrigin {
  return { displayPath, encoding: input.encoding, isGzip: file.isGzip, size: Number(file.opened.size) };
}

class CsvSource implements Source {
  readonly location: string;
  readonly description: SourceDescription & { readonly decoder: CsvDecoderSpec };
  readonly linesBefore: number;
  readonly expectedBytes: number | undefined;
  /** Of the UTF-8 text without its BOM. */
  readonly #headerBytes: number;
  #summary: InputSummary | undefined;

  constructor(
    readonly options: CsvSourceOptions,
    readonly file: InputFile,
    readonly first: FirstRecord,
    readonly columns: readonly string[],
  ) {
    const { input, displayPath } = options;
    this.location = displayPath;
    this.linesBefore = input.header === undefined ? first.lines : 0;
    this.expectedBytes = file.isGzip ? undefined : Number(file.opened.size);
    this.#headerBytes = input.header === undefined ? first.length : 0;
    this.description = {
      columns: columns.map((name) => ({ name, typeName: 'text', feeds: EVERY_TYPE, keyType: 'text' })),
      decoder: {
        kind: 'csv',
        delimiter: input.delimiter,
        quote: input.quote,
        recordEnd: first.recordEnd,
      },
    };
  }

  estimateBytes(): Promise<number> {
    return Promise.resolve(Number(this.file.opened.size));
  }

  fingerprint(signal: AbortSignal): Promise<string> {
    return digestOf(this.file, signal);
  }

  async *blocks(signal: AbortSignal): AsyncGenerator<Block> {
    let sequence = 0;
    const cutter = this.#cutter(this.options.blockBytes);
    for await (const bytes of this.#cut(signal, cutter))
      yield { sequence: sequence++, bytes, giveBack: cutter.giveBack };
  }

  async planShards(count: number, signal: AbortSignal): Promise<ShardedInput> {
    const planner = new ShardPlanner();
    const { lineEnd } = dialectOf(this.description.decoder);
    for await (const piece of this.#cut(signal, this.#cutter(PIECE_BYTES)))
      planner.add(piece, { length: piece.length, lines: countLines(piece, lineEnd) });
    const summary = await this.summary();
    return { summary, shards: planner.end(count, { length: this.#headerBytes, lines: this.linesBefore }) };
  }

  openShard(input: ShardedInput, shard: number): ShardSource {
    const { options, file, description, location } = this;
    return openCsvShard(
      { file, origin: textOrigin(options, file), dialect: dialectOf(description.decoder), location },
      options.blockBytes,
      input,
      shard,
    );
  }

  #cutter(blockBytes: number): RecordCutter {
    return new RecordCutter({
      dialect: dialectOf(this.description.decoder),
      blockBytes,
      location: this.location,
      firstByte: this.#headerBytes,
    });
  }

  /** The records in the pieces of a cutter; afterwards the summary is known. */
  async *#cut(signal: AbortSignal, cutter: RecordCutter): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const { file, options } = this;
    const hash = createHash('sha256');
    const text = readText(readBytes(file, signal, hash), textOrigin(options, file));
    for await (const piece of withoutStart(text, this.#headerBytes)) {
      for (const bytes of cutter.push(piece)) {
        yield bytes;
        signal.throwIfAborted();
      }
    }
    // Before the end is judged: of a file that still grows, the end is cut anywhere.
    await assertUnchanged(file);
    const { block, unended } = cutter.end();
    const warnings = this.#checkEnd(unended);
    if (block !== undefined) yield block;
    this.#summary = {
      fingerprint: `sha256:${hash.digest('hex')}`,
      bytes: Number(file.opened.size),
      warnings,
    };
  }

  async summary(): Promise<InputSummary> {
    if (this.#summary === undefined)
      throw new TypeError('summary() was called before the last block was read');
    await assertUnchanged(this.file);
    return this.#summary;
  }

  close(): Promise<void> {
    return this.file.handle.close();
  }

  /** Warnings about a last record without a line end, unless it shows that the file was cut short: then it throws. */
  #checkEnd(unended: Uint8Array | undefined): string[] {
    if (unended === undefined && (this.first.ended || this.#headerBytes === 0)) return [];
    const fields = unended === undefined ? this.columns.length : this.#countFields(unended);
    if (fields === undefined) return [];
    if (this.options.input.finalNewline === 'required' || fields < this.columns.length) {
      const how = fields < this.columns.length ? 'ends inside its last record' : 'has no line end at its end';
      throw new PredawnError('input', 'input.truncated', `${this.location} ${how}: it was cut short`, {
        hint: 'Check that its delivery is complete, then run again.',
      });
    }
    return [
      `${this.location} has no line end at its end; set input.final_newline: required to refuse such files`,
    ];
  }

  /** Undefined for a record with faulty quotes, which the decoder reports. */
  #countFields(record: Uint8Array): number | undefined {
    const { delimiter, quote, recordEnd } = this.description.decoder;
    try {
      const [fields]: string[][] = parse(Buffer.from(record), {
        delimiter,
        ...parserQuotes(quote),
        record_delimiter: recordEnd === 'cr' ? '\r' : '\n',
      });
      return fields?.length ?? 0;
    } catch (error) {
      if (error instanceof CsvError) return undefined;
      throw error;
    }
  }
}
