import type { RowGroup } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer/src/bytewriter.js';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { describe, expect, test } from 'vitest';
import { ParquetFooter, rowGroupDescriber } from '../../src/files/parquet-footer.js';
import { parquetColumns } from '../../src/files/parquet-schema.js';
import { CHURN } from '../contracts/attempts.js';

const COLUMNS = parquetColumns(CHURN);
const FACTS = { created_by: 'predawn', key_value_metadata: [{ key: 'predawn.job', value: 'churn' }] };

describe('a footer of pieces', () => {
  test.each([1, 14, 15, 200])('is the one that the library writes of %d row groups', (count) => {
    const footer = new ParquetFooter();
    const describeGroup = rowGroupDescriber(COLUMNS);
    const groups: RowGroup[] = [];
    let position = 4;
    for (let index = 0; index < count; index++) {
      const group = groupOf(index);
      footer.add(describeGroup(group), position);
      groups.push(moved(group, BigInt(position)));
      // To where an offset has more than 32 bits.
      position += 10_000_000 * (index + 1);
    }
    const whole = new ByteWriter();
    const root = { name: 'schema', num_children: COLUMNS.length };
    const rows = groups.reduce((sum, { num_rows: each }) => sum + each, 0n);
    const parts = { version: 1, metadata_length: 0, schema: [root, ...COLUMNS], ...FACTS };
    writeMetadata(whole, { ...parts, num_rows: rows, row_groups: groups }, 64);
    expect(Buffer.from(footer.end(COLUMNS, FACTS))).toEqual(Buffer.from(whole.getBytes()));
  });

  test('keeps nothing of what it was given', () => {
    const [kept, spoilt] = [new ParquetFooter(), new ParquetFooter()];
    const described = rowGroupDescriber(COLUMNS)(groupOf(3));
    kept.add(described, 4);
    spoilt.add(described, 4);
    described.bytes.fill(0);
    expect(spoilt.end(COLUMNS, FACTS)).toEqual(kept.end(COLUMNS, FACTS));
  });
});

function groupOf(index: number): RowGroup {
  const size = 1000n + BigInt(index);
  return {
    num_rows: BigInt(index + 1),
    total_byte_size: 2n * size,
    total_compressed_size: size,
    file_offset: 0n,
    columns: COLUMNS.map(({ name, type }, column) => ({
      file_offset: 0n,
      meta_data: {
        type: type!,
        encodings: ['PLAIN', 'RLE'],
        path_in_schema: [name],
        codec: 'SNAPPY',
        num_values: BigInt(index + 1),
        total_uncompressed_size: 2n * size,
        total_compressed_size: size,
        data_page_offset: BigInt(column * 100),
        dictionary_page_offset: column % 2 === 0 ? undefined : BigInt(column * 100 - 50),
        statistics: type === 'BYTE_ARRAY' ? texts(index) : { null_count: 0n },
      },
    })),
  };
}

/** Longer than statistics may be. */
function texts(index: number) {
  return { null_count: 0n, min_value: Buffer.alloc(100, index), max_value: Buffer.alloc(100, 'z') };
}

function moved(group: RowGroup, by: bigint): RowGroup {
  return {
    ...group,
    file_offset: group.file_offset! + by,
    columns: group.columns.map(({ file_offset, meta_data: chunk }) => ({
      file_offset,
      meta_data: {
        ...chunk!,
        data_page_offset: chunk!.data_page_offset + by,
        dictionary_page_offset: chunk!.dictionary_page_offset && chunk!.dictionary_page_offset + by,
      },
    })),
  };
}
