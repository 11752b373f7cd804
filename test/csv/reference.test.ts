import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeCsvDecoder } from '../../src/csv/decoder.js';
import type { CsvDecoderSpec } from '../../src/domain/codecs.js';
import { BlockError } from '../../src/domain/codecs.js';
import { cutText, decodeText, keyTexts, planOf } from './csv-helpers.js';

const COLUMNS = ['id', 'b', 'c'];
const EVERY_TEXT = COLUMNS.map((column) => ({
  column,
  type: 'string' as const,
  missing: { then: 'fill', value: '', tokens: [] } as const,
}));
const PLAN = planOf(COLUMNS, ['id'], EVERY_TEXT);

interface Shape {
  readonly spec: CsvDecoderSpec;
  readonly lineEnd: string;
  readonly finalLineEnd: boolean;
  readonly blockBytes: number;
  readonly pieceBytes: number;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  spec: fc.record({
    kind: fc.constant('csv' as const),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    quote: fc.constantFrom('"', "'"),
    recordEnd: fc.constant(undefined),
  }),
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  finalLineEnd: fc.boolean(),
  blockBytes: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 400 })),
  pieceBytes: fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 400 })),
});

const texts = fc
  .array(fc.constantFrom(...'ab17"\',;\t|\n\r é漢😀'.match(/./gsu)!), { maxLength: 6 })
  .map((characters) => characters.join(''));
const tables = fc.array(
  fc.record({
    fields: fc.oneof(
      { weight: 8, arbitrary: fc.array(texts, { minLength: 3, maxLength: 3 }) },
      { weight: 1, arbitrary: fc.array(texts, { minLength: 2, maxLength: 5 }) },
    ),
    quoteAll: fc.boolean(),
    emptyLinesAfter: fc.constantFrom(0, 0, 0, 1, 2),
  }),
  { maxLength: 12 },
);

function write(text: string, { delimiter, quote = '' }: CsvDecoderSpec, quoted: boolean): string {
  if (!quoted && ![delimiter, quote, '\n', '\r'].some((special) => text.includes(special))) return text;
  return quote + text.replaceAll(quote, quote + quote) + quote;
}

describe('the decoder against csv-parse', () => {
  it('finds the same fields, whatever the quoting, line ends, blocks and pieces', () => {
    fc.assert(
      fc.property(tables, shapes, (table, shape) => {
        const spec = { ...shape.spec, recordEnd: shape.lineEnd === '\r' ? ('cr' as const) : ('lf' as const) };
        const lineBreak = shape.lineEnd === '\r' ? '\r' : '\n';
        const ragged: { line: number; raw: string }[] = [];
        let csv = '';
        table.forEach(({ fields, quoteAll, emptyLinesAfter }, row) => {
          const named = [`k${row}${fields[0]!}`, ...fields.slice(1)];
          const raw = named.map((field) => write(field, spec, quoteAll)).join(spec.delimiter);
          if (fields.length !== 3) ragged.push({ line: csv.split(lineBreak).length, raw });
          csv += raw + shape.lineEnd.repeat(1 + emptyLinesAfter);
        });
        if (!shape.finalLineEnd)
          while (csv.endsWith(shape.lineEnd)) csv = csv.slice(0, -shape.lineEnd.length);

        const reference: string[][] = parse(csv, {
          delimiter: spec.delimiter,
          quote: spec.quote!,
          escape: spec.quote!,
          skip_empty_lines: true,
          relax_column_count: true,
        });
        const decoder = makeCsvDecoder(spec, PLAN);
        const rows: string[][] = [];
        const keys: string[] = [];
        const rejects: { line: number; raw: string }[] = [];
        let read = 0;
        let lines = 0;
        cutText(csv, shape.blockBytes, shape.pieceBytes, spec).blocks.forEach((bytes, sequence) => {
          const block = decoder.decode({ sequence, bytes });
          const columns = block.tensors.map((tensor) => [...tensor] as string[]);
          for (let row = 0; row < block.rows; row++) rows.push(columns.map((column) => column[row]!));
          keys.push(...block.keys.flatMap(keyTexts));
          rejects.push(...block.rejects.map(({ line, raw }) => ({ line: line + lines, raw })));
          read += block.read;
          lines += block.lines;
        });
        const whole = reference.filter((fields) => fields.length === 3);
        expect(rows).toEqual(whole);
        expect(keys).toEqual(whole.map(([id]) => id));
        expect(rejects).toEqual(ragged);
        expect(read).toBe(reference.length);
      }),
      { numRuns: 200 },
    );
  });

  it('calls the same byte sequences faulty', () => {
    const soup = fc
      .array(fc.constantFrom('a', '"', '"', ',', '\n', '1'), { maxLength: 14 })
      .map((all) => all.join(''));
    fc.assert(
      fc.property(soup, (tail) => {
        // The first line end decides which one csv-parse knows.
        const csv = `a,b,c\n${tail}`;
        const ours = outcome(() => {
          const { read } = decodeText(PLAN, csv);
          return String(read);
        });
        const theirs = outcome(() =>
          String(parse(csv, { skip_empty_lines: true, relax_column_count: true }).length),
        );
        expect(ours).toBe(theirs);
      }),
      { numRuns: 300 },
    );
  });
});

const SAME_FAULT: Readonly<Record<string, string>> = {
  'csv.quote': 'quote',
  'csv.unterminated_quote': 'open',
  CSV_INVALID_CLOSING_QUOTE: 'quote',
  INVALID_OPENING_QUOTE: 'quote',
  CSV_QUOTE_NOT_CLOSED: 'open',
};

function outcome(work: () => string): string {
  try {
    return work();
  } catch (error) {
    if (error instanceof BlockError) return SAME_FAULT[error.code] ?? error.code;
    return SAME_FAULT[(error as { code: string }).code] ?? String(error);
  }
}
