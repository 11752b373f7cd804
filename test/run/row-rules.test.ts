import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedTexts } from '../../src/domain/coded-texts.js';
import type { OutputType, OutputValues } from '../../src/domain/columns.js';
import { openRowRules, type RuledColumns, type RuledRows } from '../../src/run/row-rules.js';
import { countUnknown } from '../../src/run/unknown-categories.js';

const column = (name: string, type: OutputType, index: number) => ({
  ...{ name, type, output: index, element: 0, description: '', probability: false },
});
const outputs = [
  column('p', 'float4', 0),
  column('label', 'text', 1),
  column('n', 'int8', 2),
  column('ok', 'bool', 3),
];
const columns: RuledColumns = {
  keys: [
    { column: 'id', type: 'int4' },
    { column: 'site', type: 'text' },
  ],
  outputs,
};

type Row = readonly [id: number, site: string, p: number, label: string, n: bigint, ok: boolean];

function block(rows: readonly Row[]): RuledRows {
  const ids = Buffer.alloc(4 * rows.length);
  rows.forEach(([id], row) => ids.writeInt32BE(id, 4 * row));
  const sites = rows.map(([, site]) => Buffer.from(site));
  const ends = sites.reduce<number[]>((all, { length }) => [...all, all.at(-1)! + length], [0]);
  const values = (index: number, data: OutputValues['data']): OutputValues => ({
    ...{ column: outputs[index]!, data, offset: 0, stride: 1 },
  });
  return {
    rows: rows.length,
    keys: [
      {
        type: 'int4',
        offsets: Int32Array.from({ length: rows.length + 1 }, (_, row) => 4 * row),
        bytes: ids,
      },
      { type: 'text', offsets: Int32Array.from(ends), bytes: Buffer.concat(sites) },
    ],
    outputs: [
      values(
        0,
        Float32Array.from(rows, ([, , p]) => p),
      ),
      values(1, CodedTexts.from(rows.map(([, , , label]) => label))),
      values(
        2,
        BigInt64Array.from(rows, ([, , , , n]) => n),
      ),
      values(
        3,
        Uint8Array.from(rows, ([, , , , , ok]) => Number(ok)),
      ),
    ],
  };
}

const two = block([
  [-1, 'north', 0.25, 'no', 5n, true],
  [2, 'süd', 0.75, 'yes', -5n, false],
]);

async function broken(expression: string, rows = two) {
  const rules = await openRowRules([{ name: 'mine', expression }], columns);
  const { counts, rows: kept } = rules.count(rows);
  return [counts[0]!.count, ...kept.map(({ key }) => key)];
}

describe('rules over a row', () => {
  it.each([
    ['p < 0.5', 1, '2, süd'],
    ['p < 1', 0],
    ['label == "no" || p >= 0.5', 0],
    ['(p >= 0.5) == (label == "yes")', 0],
    ['id > 0 && site == "süd"', 1, '-1, north'],
    ['n > 0', 1, '2, süd'],
    ['ok', 1, '2, süd'],
    ['label in ["no", "maybe"]', 1, '2, süd'],
    ['site.startsWith("n")', 1, '2, süd'],
    // What can't be computed is not known to hold.
    ['10 / (n - 5) < 0', 1, '-1, north'],
  ] as const)('%s', async (expression, ...found) => {
    expect(await broken(expression)).toEqual(found);
  });

  it('keeps the row as it is published', async () => {
    const rules = await openRowRules([{ name: 'mine', expression: 'false' }], columns);
    expect(JSON.parse(rules.count(two).rows[1]!.row)).toEqual({
      ...{ id: '2', site: 'süd', p: 0.75, label: 'yes', n: '-5', ok: false },
    });
  });

  it.each([
    ['p <', 'gates.checks.mine.row'],
    ['q < 1', 'q'],
    ['p', 'double'],
    ['p < "x"', 'double'],
    ['process.exit()', 'process'],
    ['label.constructor == 1', 'gates.checks.mine'],
  ])('refuses %s', async (expression, message) => {
    await expect(broken(expression)).rejects.toMatchObject({
      ...{ kind: 'configuration', code: 'gate.rule' },
      message: expect.stringContaining(message) as string,
    });
  });

  it('counts what a loop over rows would, and keeps a hundred rows', async () => {
    const rules = await openRowRules([{ name: 'mine', expression: 'p < 0.5' }], columns);
    fc.assert(
      fc.property(fc.array(fc.float({ min: 0, max: 1, noNaN: true }), { maxLength: 300 }), (ps) => {
        const { counts, rows } = rules.count(block(ps.map((p, id) => [id, '', p, 'no', 0n, true])));
        const over = ps.filter((p) => !(p < 0.5)).length;
        expect([counts[0]!.count, rows.length]).toEqual([over, Math.min(100, over)]);
      }),
      { numRuns: 30 },
    );
  });
});

describe('unknown categories of a block', () => {
  const { keys } = two;
  const inputs = [{ name: 'x', type: 'string' as const, width: 2 }];
  const plan = { columns: [], keys: [], features: [], inputs };
  const feature = { column: 'plan', input: 0, offset: 1, categories: new Set(['a', '3']) };

  it.each([
    ['texts', CodedTexts.from(['?', 'a', '?', 'b']), ['b']],
    ['known ones', CodedTexts.from(['?', 'a', '?', 'a']), []],
    ['integers', BigInt64Array.from([9n, 3n, 9n, 4n]), ['4']],
    ['numbers that a graph cuts off', Float32Array.from([9, 3.5, 9, NaN]), ['NaN']],
  ])('%s', (_, tensor, unknown) => {
    const { counts, rows } = countUnknown([feature], plan, { tensors: [tensor], keys, rows: 2 });
    expect(counts).toEqual([{ column: 'plan', count: unknown.length }]);
    expect(rows).toEqual(
      unknown.map((row) => ({ gate: 'unknown_categories', subject: 'plan', key: '2, süd', row })),
    );
  });
});
