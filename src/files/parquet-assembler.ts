import { type FileMetaData, parquetMetadata, type RowGroup } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import type { FileEncoderSpec } from '../domain/codecs.js';
import type { Assembler } from './assembler.js';

const MAGIC = Buffer.from('PAR1');

/**
 * Makes one Parquet file of many: their row groups one after the other, byte for byte, and one footer in which the
 * row groups' offsets are moved to where they are now. Page indexes, which lie between row groups and footer, are
 * left out; the statistics of every column chunk stay.
 */
export class ParquetAssembler implements Assembler {
  #schema: FileMetaData | undefined;
  readonly #rowGroups: RowGroup[] = [];
  #rows = 0n;
  #position = 0;
  readonly #keyValues: readonly (readonly [string, string])[];

  constructor(job: string, spec: FileEncoderSpec) {
    // Without ARROW:schema, so that readers see text where the encoder used dictionaries.
    this.#keyValues = [
      ['predawn.job', job],
      ['predawn.as_of', spec.asOf],
      ['predawn.artefact', spec.artefact],
      ['predawn.attempt_id', spec.attemptId],
    ];
  }

  add(payload: Uint8Array, rows: number): readonly Uint8Array[] {
    const metadata = readFooter(payload);
    const parts: Uint8Array[] = [];
    if (this.#schema === undefined) {
      this.#schema = { ...metadata, row_groups: [] };
      parts.push(MAGIC);
      this.#position = MAGIC.length;
    }
    if (rows === 0) return parts;
    if (metadata.num_rows !== BigInt(rows)) {
      throw new RangeError(`a Parquet block of ${rows} rows says that it holds ${metadata.num_rows}`);
    }
    let end = MAGIC.length;
    const shift = BigInt(this.#position - MAGIC.length);
    for (const group of metadata.row_groups) {
      end = Math.max(end, endOf(group));
      this.#rowGroups.push(moved(group, shift));
    }
    this.#rows += metadata.num_rows;
    const body = payload.subarray(MAGIC.length, end);
    this.#position += body.length;
    parts.push(body);
    return parts;
  }

  end(): readonly Uint8Array[] {
    const writer = new ByteWriter();
    const metadata: FileMetaData = {
      ...this.#schema!,
      num_rows: this.#rows,
      row_groups: this.#rowGroups,
      key_value_metadata: this.#keyValues.map(([key, value]) => ({ key, value })),
    };
    // Statistics are handed on as they are: a text's were cut by the encoder already.
    writeMetadata(writer, metadata, Infinity);
    return [writer.getBytes(), MAGIC];
  }
}

/** Statistics stay raw: dates and times as the integers they are, texts as bytes. */
const parsers = {
  timestampFromMilliseconds: (value: bigint) => value,
  timestampFromMicroseconds: (value: bigint) => value,
  timestampFromNanoseconds: (value: bigint) => value,
  dateFromDays: (value: number) => value,
  stringFromBytes: (value: Uint8Array) => value,
};

function readFooter(file: Uint8Array): FileMetaData {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const start = file.byteLength - 8 - view.getUint32(file.byteLength - 8, true);
  const footer = new Uint8Array(file.subarray(start)).buffer;
  return parquetMetadata(footer, { parsers });
}

function endOf(group: RowGroup): number {
  return Math.max(
    ...group.columns.map(({ meta_data: chunk }) => {
      const start = chunk!.dictionary_page_offset ?? chunk!.data_page_offset;
      return Number(start + chunk!.total_compressed_size);
    }),
  );
}

function moved(group: RowGroup, shift: bigint): RowGroup {
  const move = <T extends bigint | undefined>(offset: T): T =>
    (offset === undefined || offset === 0n ? offset : offset + shift) as T;
  return {
    total_byte_size: group.total_byte_size,
    num_rows: group.num_rows,
    file_offset: move(group.file_offset),
    total_compressed_size: group.total_compressed_size,
    columns: group.columns.map(({ file_offset, meta_data: chunk }) => ({
      file_offset: move(file_offset),
      meta_data: {
        ...chunk!,
        data_page_offset: move(chunk!.data_page_offset),
        dictionary_page_offset: move(chunk!.dictionary_page_offset),
        index_page_offset: undefined,
      },
    })),
  };
}
