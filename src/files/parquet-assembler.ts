import type { RowGroup, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import type { FileEncoderSpec } from '../domain/codecs.js';
import type { TargetTable } from '../domain/publication.js';
import type { Assembler } from './assembler.js';
import { unpackRowGroup } from './parquet-row-group.js';
import { parquetColumns } from './parquet-schema.js';

const MAGIC = Buffer.from('PAR1');
/** Bytes of a text in the statistics; longer ones are cut there, a maximum upwards. */
const STATISTICS_LENGTH = 64;

/** Makes one Parquet file of row groups: one after the other, byte for byte, and a footer that says where they are. */
export class ParquetAssembler implements Assembler {
  readonly #rowGroups: RowGroup[] = [];
  #rows = 0n;
  /** 0 until the file was begun. */
  #position = 0;

  constructor(
    private readonly target: TargetTable,
    private readonly spec: FileEncoderSpec,
  ) {}

  add(payload: Uint8Array, rows: number): readonly Uint8Array[] {
    const { bytes, group } = unpackRowGroup(payload);
    if (group.num_rows !== BigInt(rows)) {
      throw new RangeError(`a Parquet block of ${rows} rows says that it holds ${group.num_rows}`);
    }
    const parts: Uint8Array[] = [];
    if (this.#position === 0) {
      parts.push(MAGIC);
      this.#position = MAGIC.length;
    }
    if (rows === 0) return parts;
    this.#rowGroups.push(moved(group, BigInt(this.#position)));
    this.#rows += group.num_rows;
    this.#position += bytes.length;
    parts.push(bytes);
    return parts;
  }

  end(): readonly Uint8Array[] {
    const { asOf, artefact, attemptId } = this.spec;
    const columns = parquetColumns(this.target);
    const root: SchemaElement = { name: 'schema', num_children: columns.length };
    const metadata = {
      version: 1,
      created_by: 'predawn',
      schema: [root, ...columns],
      num_rows: this.#rows,
      row_groups: this.#rowGroups,
      key_value_metadata: [
        { key: 'predawn.job', value: this.target.job },
        { key: 'predawn.as_of', value: asOf },
        { key: 'predawn.artefact', value: artefact },
        { key: 'predawn.attempt_id', value: attemptId },
      ],
      metadata_length: 0,
    };
    const writer = new ByteWriter();
    writeMetadata(writer, metadata, STATISTICS_LENGTH);
    const footer = writer.getBytes();
    if (this.#rowGroups.length === 0) typeEmptyList(footer);
    return [footer, MAGIC];
  }
}

/** No rows, an empty list of no type, a list of four: the footer of a file without row groups has this just once. */
const UNTYPED_ROW_GROUPS = Buffer.from([0x16, 0, 0x19, 0, 0x19, 0x4c]);

/** Makes the empty list one of structures: Rust's reader refuses a list of no type, which hyparquet-writer writes. */
function typeEmptyList(footer: Uint8Array): void {
  const at = Buffer.from(footer.buffer, footer.byteOffset, footer.length).indexOf(UNTYPED_ROW_GROUPS);
  if (at < 0) throw new RangeError('a Parquet footer without row groups is not as expected');
  footer[at + 3] = 0x0c;
}

function moved(group: RowGroup, shift: bigint): RowGroup {
  const move = (offset: bigint | undefined) => (offset === undefined ? undefined : offset + shift);
  return {
    ...group,
    file_offset: move(group.file_offset),
    columns: group.columns.map(({ file_offset, meta_data: chunk }) => ({
      file_offset,
      meta_data: {
        ...chunk!,
        data_page_offset: chunk!.data_page_offset + shift,
        dictionary_page_offset: move(chunk!.dictionary_page_offset),
      },
    })),
  };
}
