import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HashLog } from '../../src/files/hash-log.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'predawn-hashes-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A hash whose top bits spread over all parts. */
const spread = (value: number): bigint => BigInt.asUintN(64, BigInt(value) * 0x9e3779b97f4a7c15n);

test('rows of equal hashes are found in memory, in a file and in many parts', async () => {
  const values = fc.array(fc.nat(60), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(
      values,
      fc.constantFrom(1, 3, 10, 1000),
      fc.integer({ min: 1, max: 50 }),
      async (rows, inMemory, block) => {
        const log = new HashLog(join(folder, 'log'), inMemory);
        for (let from = 0; from < rows.length; from += block) {
          await log.append(BigUint64Array.from(rows.slice(from, from + block), spread));
        }
        expect(await log.duplicateRows(1000)).toEqual(duplicatesOf(rows));
        await log.close();
        expect(await readdir(folder)).toEqual([]);
      },
    ),
    { numRuns: 60 },
  );
});

test('more hashes than a part holds, one of them twice', async () => {
  const log = new HashLog(join(folder, 'log'), 5000);
  const rows = Array.from({ length: 200_000 }, (_, row) => row);
  rows[150_001] = 77;
  for (let from = 0; from < rows.length; from += 1024) {
    await log.append(BigUint64Array.from(rows.slice(from, from + 1024), spread));
  }
  expect(await log.duplicateRows(5)).toEqual([[77, 150_001]]);
  await log.close();
});

test('no more hashes than asked for', async () => {
  const log = new HashLog(join(folder, 'log'));
  await log.append(BigUint64Array.from([1n, 2n, 3n, 3n, 2n, 1n]));
  expect(await log.duplicateRows(2)).toHaveLength(2);
  await log.close();
});

function duplicatesOf(values: readonly number[]): number[][] {
  const rows = new Map<number, number[]>();
  values.forEach((value, row) => rows.set(value, [...(rows.get(value) ?? []), row]));
  return [...rows.values()].filter(({ length }) => length > 1).map((found) => found.slice(0, 4));
}
