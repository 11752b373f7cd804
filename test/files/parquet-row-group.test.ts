import { expect, test } from 'vitest';
import { packRowGroup, unpackRowGroup } from '../../src/files/parquet-row-group.js';

test('a row group and its description are handed over as they were', () => {
  const rowGroup = { rows: 5, bytes: Uint8Array.of(9, 8, 7), offsets: [[1, 2 ** 40] as const] };
  const payload = packRowGroup([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)], rowGroup);
  const unpacked = unpackRowGroup(payload);
  expect([...unpacked.bytes]).toEqual([1, 2, 3]);
  expect({ ...unpacked.rowGroup, bytes: Uint8Array.from(unpacked.rowGroup.bytes) }).toEqual(rowGroup);
});
