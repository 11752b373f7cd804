import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecordCutter } from '../../src/csv/cutter.js';
import { dialectOf } from '../../src/csv/dialect.js';
import { COMMA, cutText } from './csv-helpers.js';

const texts = (blocks: readonly Uint8Array[]) => blocks.map((block) => Buffer.from(block).toString());

describe('blocks', () => {
  it('hold as many whole records as fit, or one that is longer', () => {
    const csv = 'a,1\nb,2\n"c\n",3\nd,4\n';
    expect(texts(cutText(csv, 8, 3).blocks)).toEqual(['a,1\nb,2\n', '"c\n",3\n', 'd,4\n']);
    expect(texts(cutText(csv, 1, 100).blocks)).toEqual(['a,1\n', 'b,2\n', '"c\n",3\n', 'd,4\n']);
    expect(texts(cutText(csv, 100, 1).blocks)).toEqual([csv]);
  });

  it('are cut in the same places however the bytes arrive', () => {
    const soup = fc
      .array(fc.constantFrom('a', 'b', ',', '"', '\n', '\r\n', '""'), { maxLength: 60 })
      .map((all) => all.join(''));
    const size = fc.integer({ min: 1, max: 30 });
    fc.assert(
      fc.property(soup, size, size, (csv, blockBytes, pieceBytes) => {
        const { blocks } = cutText(csv, blockBytes, pieceBytes);
        expect(texts(blocks)).toEqual(texts(cutText(csv, blockBytes, 1000).blocks));
        expect(texts(blocks).join('')).toBe(csv);
        expect(new Set(blocks.map(({ buffer }) => buffer)).size).toBe(blocks.length);
      }),
      { numRuns: 500 },
    );
  });

  it('are cut by the compiled loop where the one in TypeScript cuts', () => {
    const soup = fc
      .array(fc.constantFrom('a', '1', ',', '"', '\n', '\r\n', '""', ',"', '",', '"\n', 'x'.repeat(70)), {
        maxLength: 80,
      })
      .map((all) => all.join(''));
    const size = fc.integer({ min: 1, max: 200 });
    fc.assert(
      fc.property(soup, size, size, fc.constantFrom('"', undefined), (csv, blockBytes, pieceBytes, quote) => {
        const options = { dialect: dialectOf({ ...COMMA, quote }), blockBytes, location: 'rows.csv' };
        const cut = (cutter: RecordCutter) => {
          const bytes = Buffer.from(csv);
          const blocks: Uint8Array[] = [];
          for (let at = 0; at < bytes.length; at += pieceBytes)
            blocks.push(...cutter.push(bytes.subarray(at, at + pieceBytes)));
          const { block, unended } = cutter.end();
          return texts([...blocks, ...(block ? [block] : []), ...(unended ? [unended] : [])]);
        };
        const reference = cut(new RecordCutter({ ...options, kernel: undefined }));
        expect(cut(new RecordCutter(options))).toEqual(reference);
      }),
      { numRuns: 1000 },
    );
  });

  it('come in memory that was given back, and are the same', () => {
    const record = fc.constantFrom('a,1\n', '"b\n",2\n', `${'c'.repeat(40)},3\n`);
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 60 }),
        fc.integer({ min: 1, max: 60 }),
        (records, blockBytes) => {
          const csv = records.join('');
          const cutter = new RecordCutter({ dialect: dialectOf(COMMA), blockBytes, location: 'rows.csv' });
          const [blocks, memories] = [[] as string[], new Set<ArrayBuffer>()];
          const take = (block: Uint8Array<ArrayBuffer>) => {
            blocks.push(...texts([block]));
            memories.add(block.buffer);
            // That of a longer record is not kept.
            if (block.length <= blockBytes) expect(block.buffer.byteLength).toBe(blockBytes);
            block.fill(0x22);
            cutter.giveBack(block.buffer);
          };
          for (const piece of csv.match(/[^]{1,7}/g) ?? [])
            for (const block of cutter.push(Buffer.from(piece))) take(block);
          const { block } = cutter.end();
          if (block !== undefined) take(block);
          expect(blocks).toEqual(texts(cutText(csv, blockBytes, 1000).blocks));
          // One that is being filled, and one that was handed over.
          if (blockBytes >= 44) expect(memories.size).toBeLessThanOrEqual(2);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('do not trip over a quote inside an unquoted field', () => {
    expect(texts(cutText('5" pipe,1\n6,2\n7,3\n', 1, 4).blocks)).toEqual(['5" pipe,1\n', '6,2\n', '7,3\n']);
  });

  it('tell of a last record without a line end', () => {
    const unended = (csv: string) => {
      const { unended: rest } = cutText(csv, 100, 100);
      return rest === undefined ? undefined : Buffer.from(rest).toString();
    };
    expect(unended('a,1\nb,2')).toBe('b,2');
    expect(unended('a,1\nb,"2\n')).toBe('b,"2\n');
    expect(unended('a,1\n')).toBeUndefined();
    expect(unended('')).toBeUndefined();
  });

  it('do not grow beyond the longest record allowed', () => {
    const cutter = new RecordCutter({
      dialect: dialectOf(COMMA),
      blockBytes: 16,
      location: 'rows.csv',
      firstByte: 100,
      longestRecord: 1000,
    });
    const push = (text: string) => texts([...cutter.push(Buffer.from(text))]);
    expect(push(`a,1\n"${'x'.repeat(900)}`)).toEqual(['a,1\n']);
    expect(() => push('x'.repeat(200))).toThrow(
      expect.objectContaining({
        kind: 'data',
        code: 'csv.record_too_long',
        message: 'rows.csv: the record that starts at byte 104 is longer than 1000 bytes',
      }),
    );
  });
});
