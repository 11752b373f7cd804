import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { float32Text, makeCsvEncoder } from '../../src/files/csv-encoder.js';
import { keyColumn, outputColumn, scoredRows } from '../contracts/scored-rows.js';

test('a float32 is written as a decimal that reads back as the same float32', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const text = float32Text(value);
      expect(Math.fround(Number(text))).toBe(value);
      expect(
        text
          .replace(/e.*/, '')
          .replace(/^-?0*\.?0*|[.-]/g, '')
          .replace(/0+$/, '').length,
      ).toBeLessThanOrEqual(9);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  [0.1, '0.1'],
  [1 / 3, '0.33333334'],
  [16777216, '16777216'],
  [3.4028234663852886e38, '3.4028235e+38'],
  [1.401298464324817e-45, '1e-45'],
  [-0, '-0'],
])('the float32 %d is written as %s', (value, text) => {
  expect(float32Text(Math.fround(value))).toBe(text);
});

test('csv-parse reads back any text, as key and as output', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ', 'é', '💥', '\t', "'", ';'),
  });
  const columns = { keys: [{ name: 'id', type: 'text' as const }], outputs: [outputColumn('label', 'text')] };
  const encoder = makeCsvEncoder({
    kind: 'csv',
    keyNames: ['id'],
    asOf: '2026-11-20',
    artefact: 'a "model", with a comma@1',
    attemptId: '01890a5d-ac96-774b-bcce-b302099a8057',
    scoredAt: '2026-11-21T06:00:00Z',
  });
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text), { minLength: 1, maxLength: 20 }), (pairs) => {
      const rows = { keys: [pairs.map(([key]) => key)], outputs: [pairs.map(([, label]) => label)] };
      const bytes = encoder.encode(scoredRows(columns, rows, 0, pairs.length));
      const records: string[][] = parse(Buffer.from(bytes), { record_delimiter: '\n' });
      expect(records.map((record) => record.slice(0, 2))).toEqual(pairs);
      expect(records[0]!.slice(2)).toEqual([
        'a "model", with a comma@1',
        '01890a5d-ac96-774b-bcce-b302099a8057',
        '2026-11-21T06:00:00.000Z',
      ]);
    }),
  );
});

test('a key that is an infinite date is refused', () => {
  const columns = { keys: [{ name: 'day', type: 'date' as const }], outputs: [] };
  const rows = scoredRows(columns, { keys: [['2026-11-20']], outputs: [] }, 0, 1);
  const infinite = { ...keyColumn('int4', ['2147483647']), type: 'date' as const };
  const spec = {
    kind: 'csv' as const,
    keyNames: ['day'],
    asOf: '',
    artefact: '',
    attemptId: '',
    scoredAt: '2026-11-21T06:00:00Z',
  };
  expect(() => makeCsvEncoder(spec).encode({ ...rows, keys: [infinite] })).toThrow(
    expect.objectContaining({ kind: 'data', code: 'files.infinite_key' }) as Error,
  );
});
