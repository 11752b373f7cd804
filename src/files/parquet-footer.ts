import type { RowGroup, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';

/**
 * A file's footer, put together of pieces: what says of a row group where it is and what is in it is written where the
 * row group is made, and its offsets are filled in once its place in the file is known. Footers are Thrift's compact
 * protocol (https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift).
 */
export interface RowGroupDescription {
  readonly rows: number;
  /** Without the offsets. */
  readonly bytes: Uint8Array;
  /** Where in `bytes` each of them belongs, and how far it is from the start of the row group. */
  readonly offsets: readonly (readonly [at: number, offset: number])[];
}

/** What a footer says of the whole file beside its columns and rows. */
export interface FileFacts {
  readonly created_by: string;
  readonly key_value_metadata: { key: string; value: string }[];
}

/** Bytes of a text in the statistics; longer ones are cut there, a maximum upwards. */
const STATISTICS_LENGTH = 64;

/** FileMetaData.num_rows of 0, and an empty list: what lies between the columns and the rest where there are no rows. */
const NO_ROWS = Buffer.from([0x16, 0, 0x19, 0]);
const NUM_ROWS = 0x16;
const ROW_GROUPS = 0x19;
const STRUCTURES = 0x0c;
/** A list of more says how many in a number of its own. */
const SHORT_LIST = 14;

/** Makes descriptions of row groups of these columns, whose offsets count from the row group's start. */
export function rowGroupDescriber(
  columns: readonly SchemaElement[],
): (group: RowGroup) => RowGroupDescription {
  const { before, after } = frame(columns);
  const start = before.length + NO_ROWS.length;
  return (group) => {
    const writer = new WriterWithoutOffsets();
    writeMetadata(writer, { ...metadataOf(columns), row_groups: [marked(group)] }, STATISTICS_LENGTH);
    return {
      rows: Number(group.num_rows),
      bytes: writer.getBytes().slice(start, -(after.length + LENGTH)),
      offsets: writer.offsets.map(([at, offset]) => [at - start, offset]),
    };
  };
}

/** The footer of a file, as its row groups are put into it. */
export class ParquetFooter {
  readonly #pieces: Uint8Array[] = [];
  #rows = 0;

  /** Adds a row group that begins at this byte of the file. Keeps nothing of the description. */
  add({ rows, bytes, offsets }: RowGroupDescription, position: number): void {
    const writer = new ByteWriter(bytes.length + 10 * offsets.length);
    let from = 0;
    for (const [at, offset] of offsets) {
      writer.appendBytes(bytes.subarray(from, at));
      writer.appendZigZag(BigInt(position + offset));
      from = at;
    }
    writer.appendBytes(bytes.subarray(from));
    this.#pieces.push(writer.getBytes().slice());
    this.#rows += rows;
  }

  /** The whole of it, its length at the end. */
  end(columns: readonly SchemaElement[], facts: FileFacts): Uint8Array {
    const { before, after } = frame(columns, facts);
    const writer = new ByteWriter();
    writer.appendBytes(before);
    writer.appendUint8(NUM_ROWS);
    writer.appendZigZag(BigInt(this.#rows));
    writer.appendUint8(ROW_GROUPS);
    const count = this.#pieces.length;
    // An empty list has a type too: Rust's reader refuses one of none, which hyparquet-writer writes.
    writer.appendUint8((Math.min(count, SHORT_LIST + 1) << 4) | STRUCTURES);
    if (count > SHORT_LIST) writer.appendVarInt(count);
    for (const piece of this.#pieces) writer.appendBytes(piece);
    writer.appendBytes(after);
    writer.appendUint32(writer.offset);
    return writer.getBytes();
  }
}

/** Bytes of a footer's length, which `writeMetadata` ends with. */
const LENGTH = 4;

/** What a footer of these columns has before and after its number of rows and its row groups. */
function frame(
  columns: readonly SchemaElement[],
  facts?: FileFacts,
): { readonly before: Uint8Array; readonly after: Uint8Array } {
  const writer = new ByteWriter();
  writeMetadata(writer, { ...metadataOf(columns), ...facts }, STATISTICS_LENGTH);
  const bytes = Buffer.from(writer.getBytes()).subarray(0, -LENGTH);
  const at = bytes.lastIndexOf(NO_ROWS);
  if (at < 0) throw new RangeError('a Parquet footer without row groups is not as expected');
  return { before: bytes.subarray(0, at), after: bytes.subarray(at + NO_ROWS.length) };
}

function metadataOf(columns: readonly SchemaElement[]) {
  const root: SchemaElement = { name: 'schema', num_children: columns.length };
  return { version: 1, schema: [root, ...columns], num_rows: 0n, row_groups: [], metadata_length: 0 };
}

/** Added to what is an offset; no other number of a description is as large. */
const MARK = 2n ** 62n;

function marked(group: RowGroup): RowGroup {
  const mark = (offset: bigint | undefined) => (offset === undefined ? undefined : offset + MARK);
  return {
    ...group,
    file_offset: mark(group.file_offset),
    columns: group.columns.map(({ file_offset, meta_data: chunk }) => ({
      file_offset,
      meta_data: {
        ...chunk!,
        data_page_offset: chunk!.data_page_offset + MARK,
        dictionary_page_offset: mark(chunk!.dictionary_page_offset),
      },
    })),
  };
}

/** Leaves marked numbers out, and remembers where. */
class WriterWithoutOffsets extends ByteWriter {
  readonly offsets: [at: number, offset: number][] = [];

  override appendZigZag(value: number | bigint): void {
    if (typeof value === 'bigint' && value >= MARK) this.offsets.push([this.index, Number(value - MARK)]);
    else super.appendZigZag(value);
  }
}
