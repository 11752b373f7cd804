import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { startBlockTimes } from '../../../src/run/gate/block-times.js';
import { startRowSample } from '../../../src/run/gate/row-sample.js';

/** A sample of rows whose columns are their number, and its negative. */
function sampleOf(rows: number, blockRows: number, columns = 2) {
  const sample = startRowSample(columns);
  for (let from = 0; from < rows; from += blockRows) {
    sample.offer(Math.min(blockRows, rows - from), (column, row) =>
      column % 2 === 0 ? from + row : -(from + row),
    );
  }
  return sample;
}

describe('a sample of rows', () => {
  it('has every row, in order, as long as they fit', () => {
    fc.assert(
      fc.property(fc.nat(5000), fc.integer({ min: 1, max: 2000 }), (rows, blockRows) => {
        const sample = sampleOf(rows, blockRows);
        expect(sample.size).toBe(rows);
        expect([...sample.column(0)]).toEqual(Array.from({ length: rows }, (_, row) => row));
      }),
      { numRuns: 30 },
    );
  });

  it('holds 100,000 of a million rows, drawn evenly, values of a row together, the same ones each time', () => {
    const sample = sampleOf(1_000_000, 4096);
    expect(sample.size).toBe(100_000);
    const values = sample.column(0);
    expect([...sample.column(1)]).toEqual([...values].map((value) => -value));
    expect(new Set(values).size).toBe(100_000);
    const tenths = new Array<number>(10).fill(0);
    for (const value of values) tenths[Math.floor(value / 100_000)]!++;
    // Ten thousand each, give or take five standard deviations.
    for (const count of tenths) expect(Math.abs(count - 10_000)).toBeLessThan(5 * Math.sqrt(9_000));
    expect([...sampleOf(1_000_000, 65_536).column(0)]).toEqual([...values]);
  });

  it('takes fewer rows where there are many columns', () => {
    expect(sampleOf(20_000, 1000, 2048).size).toBe(4096);
  });
});

describe('times of blocks', () => {
  it('have a 95th percentile that weighs blocks by their rows', () => {
    const times = startBlockTimes();
    expect(times.percentile95()).toBeUndefined();
    times.add(0, 5);
    expect(times.percentile95()).toBeUndefined();
    for (let block = 0; block < 18; block++) times.add(1000, 10);
    times.add(1000, 30);
    times.add(5, 5); // 1,000 ms for 1,000 rows, but hardly any rows
    expect(times.percentile95()).toBe(30);
    for (let block = 0; block < 10; block++) times.add(1000, 10);
    expect(times.percentile95()).toBe(10);
  });
});
