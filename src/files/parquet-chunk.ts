import type { ColumnMetaData, Encoding, PageType, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import type { ChunkValues } from './parquet-values.js';
import { snappyCompress } from './snappy.js';

interface Page {
  readonly type: PageType;
  readonly encoding: Encoding;
  readonly values: number;
  readonly bytes: Uint8Array;
}

/** What compression must save: reading uncompressed pages is faster, and scores hardly shrink. */
const WORTHWHILE = 0.9;

/**
 * Appends the pages of one column chunk to `parts` and describes them. `start` is where they begin. One data page of
 * version 1, after a dictionary page perhaps: what every reader has known longest.
 */
export function writeChunk(
  element: SchemaElement,
  values: ChunkValues,
  rows: number,
  start: number,
  parts: Uint8Array[],
): ColumnMetaData {
  const pages = pagesOf(values, rows);
  const compressed = pages.map(({ bytes }) => snappyCompress(bytes));
  const worthwhile = sum(compressed) <= WORTHWHILE * sum(pages.map(({ bytes }) => bytes));
  let at = start;
  let headers = 0;
  const offsets = pages.map((page, index) => {
    const bytes = worthwhile ? compressed[index]! : page.bytes;
    const header = headerOf(page, bytes.length);
    parts.push(header, bytes);
    headers += header.length;
    const offset = at;
    at += header.length + bytes.length;
    return BigInt(offset);
  });
  const { bounds } = values;
  return {
    type: element.type!,
    encodings: values.dictionary === undefined ? ['PLAIN', 'RLE'] : ['PLAIN', 'RLE', 'RLE_DICTIONARY'],
    path_in_schema: [element.name],
    codec: worthwhile ? 'SNAPPY' : 'UNCOMPRESSED',
    num_values: BigInt(rows),
    total_uncompressed_size: BigInt(headers + sum(pages.map(({ bytes }) => bytes))),
    total_compressed_size: BigInt(at - start),
    data_page_offset: offsets.at(-1)!,
    dictionary_page_offset: values.dictionary === undefined ? undefined : offsets[0],
    statistics: { null_count: 0n, min_value: bounds?.min, max_value: bounds?.max },
    encoding_stats: pages.map(({ type, encoding }) => ({ page_type: type, encoding, count: 1 })),
  };
}

function pagesOf({ plain, dictionary }: ChunkValues, rows: number): Page[] {
  if (dictionary === undefined) return [{ type: 'DATA_PAGE', encoding: 'PLAIN', values: rows, bytes: plain }];
  const { entries, codes } = dictionary;
  // One bit at least: not every reader knows codes of none.
  const width = Math.max(1, 32 - Math.clz32(entries - 1));
  const writer = new ByteWriter(16 + Math.ceil((codes === undefined ? 0 : rows * width) / 8));
  writer.appendUint8(width);
  if (codes === undefined) {
    // A run of as many times the first entry.
    writer.appendVarInt(rows << 1);
    writer.appendUint8(0);
  } else writeRleBitPackedHybrid(writer, codes, width);
  return [
    { type: 'DICTIONARY_PAGE', encoding: 'PLAIN', values: entries, bytes: plain },
    { type: 'DATA_PAGE', encoding: 'RLE_DICTIONARY', values: rows, bytes: writer.getBytes() },
  ];
}

function headerOf({ type, encoding, values, bytes }: Page, size: number): Uint8Array {
  const writer = new ByteWriter(64);
  const kind = { num_values: values, encoding };
  writePageHeader(writer, {
    type,
    uncompressed_page_size: bytes.length,
    compressed_page_size: size,
    ...(type === 'DICTIONARY_PAGE'
      ? { dictionary_page_header: kind }
      : {
          data_page_header: { ...kind, definition_level_encoding: 'RLE', repetition_level_encoding: 'RLE' },
        }),
  });
  return writer.getBytes();
}

function sum(parts: readonly Uint8Array[]): number {
  return parts.reduce((total, { length }) => total + length, 0);
}
