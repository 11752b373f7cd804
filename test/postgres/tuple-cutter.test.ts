import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TupleCutter } from '../../src/postgres/tuple-cutter.js';

const HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);

function tuple(fields: readonly (Uint8Array | null)[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeInt16BE(fields.length);
  const parts = fields.flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(field === null ? -1 : field.length);
    return field === null ? [length] : [length, field];
  });
  return Buffer.concat([count, ...parts]);
}

function cut(pieces: readonly Uint8Array[], columns: number, blockBytes: number): Uint8Array[] {
  const cutter = new TupleCutter(columns, blockBytes);
  return [...pieces.flatMap((piece) => [...cutter.push(piece)]), ...cutter.end()];
}

function splitAt(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [
    0,
    ...cuts.map((place) => place % (bytes.length + 1)).sort((one, other) => one - other),
    bytes.length,
  ];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const field = fc.option(fc.uint8Array({ maxLength: 40 }), { freq: 5 });

test('blocks are whole tuples, joined are all the tuples, whatever the pieces they came in', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(field, field, field), { maxLength: 40 }),
      fc.array(fc.nat(), { maxLength: 30 }),
      fc.integer({ min: 1, max: 300 }),
      (rows, cuts, blockBytes) => {
        const tuples = rows.map(tuple);
        const blocks = cut(splitAt(Buffer.concat([HEADER, ...tuples, TRAILER]), cuts), 3, blockBytes);
        expect(Buffer.concat(blocks)).toEqual(Buffer.concat(tuples));
        const ends = new Set<number>();
        tuples.reduce((end, { length }) => (ends.add(end + length), end + length), 0);
        let end = 0;
        blocks.forEach((block, index) => {
          end += block.length;
          expect(ends).toContain(end);
          if (index < blocks.length - 1) expect(block.length).toBeGreaterThanOrEqual(blockBytes);
          expect(block.byteLength).toBe(block.buffer.byteLength);
        });
      },
    ),
  );
});

test('a header extension is skipped', () => {
  const header = Buffer.from(HEADER);
  header.writeUInt32BE(3, 15);
  const row = tuple([Buffer.from('a')]);
  expect(cut([header, Buffer.from('ext'), row, TRAILER], 1, 1)).toEqual([new Uint8Array(row)]);
});

const ROW = tuple([Buffer.from('a'), null]);

test.each([
  ['without its trailer', [HEADER, ROW], 'postgres.cut_short'],
  ['that is empty', [], 'postgres.cut_short'],
  ['cut in a tuple', [HEADER, ROW, ROW.subarray(0, 6)], 'postgres.cut_short'],
  ['cut in the header', [HEADER.subarray(0, 12)], 'postgres.cut_short'],
  ['that goes on after its trailer', [HEADER, ROW, TRAILER, ROW], 'postgres.format'],
  ['that goes on in the same piece', [Buffer.concat([HEADER, ROW, TRAILER, ROW])], 'postgres.format'],
  ['of another format', [Buffer.from('id,name\n1,a\n2,b\n3,c\n')], 'postgres.format'],
  [
    'with critical flags',
    [Buffer.concat([HEADER.subarray(0, 11), Buffer.from([0, 1, 0, 0, 0, 0, 0, 0])])],
    'postgres.format',
  ],
  ['with other columns', [HEADER, tuple([null])], 'postgres.format'],
])('a stream %s is refused', (_, pieces, code) => {
  expect(() => cut(pieces, 2, 100)).toThrow(expect.objectContaining({ kind: 'input', code }));
});
