import type { RowGroup } from 'hyparquet';
import { expect, test } from 'vitest';
import { packRowGroup, unpackRowGroup } from '../../src/files/parquet-row-group.js';

test('the description of a row group keeps nothing of its bytes alive', () => {
  const statistics = { min_value: Uint8Array.of(1, 2), max_value: Uint8Array.of(3) };
  const group = { total_compressed_size: 100_000n, num_rows: 5n, columns: [{ meta_data: { statistics } }] };
  const payload = packRowGroup([new Uint8Array(100_000)], group as unknown as RowGroup);
  const unpacked = unpackRowGroup(payload);
  expect(unpacked.bytes.buffer).toBe(payload.buffer);
  expect(unpacked.group).toMatchObject({ total_compressed_size: 100_000n, num_rows: 5n });
  const { min_value: least, max_value: most } = unpacked.group.columns[0]!.meta_data!.statistics!;
  for (const [value, expected] of [
    [least, [1, 2]],
    [most, [3]],
  ] as const) {
    const bytes = value as Uint8Array;
    expect([...bytes]).toEqual(expected);
    expect(bytes.buffer.byteLength).toBeLessThan(2000);
  }
});
