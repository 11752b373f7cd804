import { describe, expect, it } from 'vitest';
import { makeCsvDecoder } from '../../src/csv/decoder.js';
import { BlockError } from '../../src/domain/codecs.js';
import type { DecodePlan, MissingPolicy } from '../../src/domain/columns.js';
import { COMMA, REJECT, decodeColumn, decodeText, faultsOf, keyTexts, planOf } from './csv-helpers.js';

const FILL = (value: number | bigint | boolean | string, ...tokens: string[]): MissingPolicy => ({
  then: 'fill',
  value,
  tokens,
});
const NAN: MissingPolicy = { then: 'nan', tokens: ['NA', '-999'] };

describe('rows', () => {
  it('fill tensors row by row, one column wherever it is wanted', () => {
    const plan: DecodePlan = {
      columns: ['id', 'a', 'unused', 'b'],
      keys: [{ column: 'id', sourceIndex: 0, type: 'text' }],
      features: [
        { column: 'id', sourceIndex: 0, type: 'int64', missing: REJECT, input: 1, offset: 0 },
        { column: 'a', sourceIndex: 1, type: 'float32', missing: REJECT, input: 0, offset: 0 },
        { column: 'b', sourceIndex: 3, type: 'float32', missing: REJECT, input: 0, offset: 2 },
        { column: 'a', sourceIndex: 1, type: 'float32', missing: REJECT, input: 0, offset: 1 },
        { column: 'b', sourceIndex: 3, type: 'string', missing: REJECT, input: 2, offset: 0 },
      ],
      inputs: [
        { name: 'matrix', type: 'float32', width: 3 },
        { name: 'id', type: 'int64', width: 1 },
        { name: 'b', type: 'string', width: 1 },
      ],
    };
    const block = decodeText(plan, '1,10,x,20\n2,11,"y,\n",oops\n3,12,z,22\n');
    expect(block.tensors.map((tensor): unknown[] => [...tensor])).toEqual([
      [10, 10, 20, 12, 12, 22],
      [1n, 3n],
      ['20', '22'],
    ]);
    expect(keyTexts(block.keys[0]!)).toEqual(['1', '3']);
    expect(block).toMatchObject({ read: 3, rows: 2, lines: 4 });
    expect(block.rejects).toEqual([{ line: 2, column: 'b', code: 'not_a_number', raw: '2,11,"y,\n",oops' }]);
  });

  it('are independent of the block decoded before', () => {
    const decoder = makeCsvDecoder(COMMA, planOf(['a', 'b'], ['a'], [{ column: 'b', type: 'string' }]));
    const decode = (text: string) =>
      decoder.decode({ sequence: 0, bytes: new Uint8Array(Buffer.from(text)) });
    const first = decode('k1,one\nk2,two\nk3,\n');
    const second = decode('k4,two\n');
    expect([...first.tensors[0]!]).toEqual(['one', 'two']);
    expect(keyTexts(first.keys[0]!)).toEqual(['k1', 'k2']);
    expect([...second.tensors[0]!]).toEqual(['two']);
    expect(second.rejects).toEqual([]);
  });

  it('may be none', () => {
    const plan = planOf(['a'], ['a'], [{ column: 'a', type: 'float32' }]);
    expect(decodeText(plan, '')).toMatchObject({ read: 0, rows: 0, lines: 0, rejects: [] });
    expect(decodeText(plan, '\n\r\n')).toMatchObject({ read: 0, rows: 0, lines: 2, rejects: [] });
  });

  it('end with LF or CRLF in the same file, and with a CR where the input ends', () => {
    const plan = planOf(['a', 'b'], ['b'], [{ column: 'a', type: 'float32' }]);
    const block = decodeText(plan, '1,x\n2,"y"\r\n3,\rz\r\n4,w\r');
    expect(keyTexts(block.keys[0]!)).toEqual(['x', 'y', '\rz', 'w']);
    expect(block.lines).toBe(4);
  });

  it('keep texts apart that only their bytes tell apart, at any number of them', () => {
    const texts = Array.from({ length: 12_000 }, (_, index) => `t${index % 9000}`);
    const long = ['x'.repeat(64), 'x'.repeat(65), `${'x'.repeat(64)}y`];
    const all = [...texts, ...long, ...texts];
    expect([...decodeColumn('string', all).tensors[0]!]).toEqual(all);
  });

  it('know no quotes where there are none', () => {
    const plan = planOf(['a', 'b'], ['a'], [{ column: 'b', type: 'string' }]);
    const block = decodeText(plan, '"1,5" tall\n', { ...COMMA, quote: undefined });
    expect([keyTexts(block.keys[0]!), [...block.tensors[0]!]]).toEqual([['"1'], ['5" tall']]);
    // The number that stands for no quote is that of a character that no byte is.
    const macrons = decodeText(plan, 'k,ĀĀ\n', { ...COMMA, quote: undefined });
    expect([...macrons.tensors[0]!]).toEqual(['ĀĀ']);
  });
});

describe('a row is rejected', () => {
  it('for more or fewer fields than columns', () => {
    const block = decodeText(
      planOf(['a', 'b'], [], [{ column: 'a', type: 'float32' }]),
      '1,2\n1\n\n1,2,3\r\n1,x\n',
    );
    expect(block.rejects).toEqual([
      { line: 2, column: undefined, code: 'field_count', raw: '1' },
      { line: 4, column: undefined, code: 'field_count', raw: '1,2,3' },
    ]);
    expect(block).toMatchObject({ read: 4, rows: 2 });
  });

  it('for the first fault by column, keys included', () => {
    const plan = planOf(
      ['a', 'k', 'b'],
      ['k'],
      [
        { column: 'b', type: 'bool' },
        { column: 'a', type: 'int32' },
      ],
    );
    const block = decodeText(plan, '1.5,,x\n1,,x\n1,k,x\n1,k,t\n,"",\n9,2,3\n');
    expect(faultsOf(block)).toEqual([
      '1 not_an_integer a',
      '2 missing_key k',
      '3 not_a_boolean b',
      '5 missing a',
      '6 not_a_boolean b',
    ]);
    expect(keyTexts(block.keys[0]!)).toEqual(['k']);
  });

  it('for an empty field of any type', () => {
    for (const type of ['float32', 'float64', 'int64', 'int32', 'bool', 'string'] as const) {
      expect(faultsOf(decodeColumn(type, ['', '""', '1', 'NA'], { then: 'reject', tokens: ['NA'] }))).toEqual(
        ['1 missing x', '2 missing x', '4 missing x'],
      );
    }
  });

  it('for a boolean of another language', () => {
    const block = decodeColumn('bool', [
      'true',
      'FALSE',
      't',
      'F',
      '1',
      '0',
      'Yes',
      '"no"',
      'oui',
      '2',
      '01',
      'y',
    ]);
    expect([...block.tensors[0]!]).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
    expect(faultsOf(block)).toEqual(['9', '10', '11', '12'].map((line) => `${line} not_a_boolean x`));
  });

  it('for a NUL in a key or text, though not in a column nobody uses', () => {
    const plan = planOf(['k', 's', 'u'], ['k'], [{ column: 's', type: 'string' }]);
    const block = decodeText(plan, 'a\0,b,c\na,\0,c\na,b,\0\n');
    expect(faultsOf(block)).toEqual(['1 nul_byte k', '2 nul_byte s']);
    expect(block.rows).toBe(1);
  });

  it('with its line where records span lines', () => {
    const plan = planOf(['k', 'x'], ['k'], [{ column: 'x', type: 'float32' }]);
    const block = decodeText(plan, '"a\nb\r\nc",1\n"d\n",x\n"e",y\n');
    expect(faultsOf(block)).toEqual(['4 not_a_number x', '6 not_a_number x']);
    expect(block).toMatchObject({ lines: 6, rejects: [{ raw: '"d\n",x' }, { raw: '"e",y' }] });
  });
});

describe('a missing value', () => {
  it('becomes NaN', () => {
    expect([...decodeColumn('float32', ['', 'NA', '-999', '"NA"', '-999.0', '7'], NAN).tensors[0]!]).toEqual([
      NaN, NaN, NaN, NaN, -999, 7,
    ]); // prettier-ignore
  });

  it('becomes the fill value', () => {
    expect([...decodeColumn('float64', ['', '1'], FILL(0.5)).tensors[0]!]).toEqual([0.5, 1]);
    expect([...decodeColumn('int64', ['', '-1', '5'], FILL(2n ** 62n, '-1')).tensors[0]!]).toEqual([
      2n ** 62n,
      2n ** 62n,
      5n,
    ]);
    expect([...decodeColumn('int32', ['n/a', '5'], FILL(-3, 'n/a')).tensors[0]!]).toEqual([-3, 5]);
    expect([...decodeColumn('bool', ['', '0', '9'], FILL(true, '9')).tensors[0]!]).toEqual([1, 0, 1]);
    expect([...decodeColumn('string', ['', 'é', '?', ' '], FILL('Ø', '?')).tensors[0]!]).toEqual([
      'Ø',
      'é',
      'Ø',
      ' ',
    ]);
  });

  it('is known by its exact text only', () => {
    const policy: MissingPolicy = { then: 'nan', tokens: ['say "NA"', ' '] };
    const block = decodeColumn('float32', ['"say ""NA"""', ' ', '  ', 'na'], policy);
    expect([...block.tensors[0]!]).toEqual([NaN, NaN]);
    expect(faultsOf(block)).toEqual(['3 not_a_number x', '4 not_a_number x']);
  });

  it('cannot become what its type cannot hold', () => {
    expect(() => decodeColumn('int64', [], NAN)).toThrow(TypeError);
    expect(() => decodeColumn('int32', [], FILL(2 ** 31))).toThrow(TypeError);
    expect(() => decodeColumn('bool', [], FILL(2))).toThrow(TypeError);
    expect(() => decodeColumn('string', [], FILL(1))).toThrow(TypeError);
  });
});

describe('a block cannot be read', () => {
  const plan = planOf(['a', 'b'], ['a'], [{ column: 'b', type: 'float32' }]);
  const fault = (text: string | Buffer): string => {
    try {
      decodeText(plan, text);
    } catch (error) {
      if (error instanceof BlockError) return `${error.line} ${error.kind} ${error.code}: ${error.problem}`;
      throw error;
    }
    throw new Error('no fault');
  };

  it('for a quote inside an unquoted field', () => {
    expect(fault('1,2\n"x\ny",2\n5" pipe,3\n')).toBe(
      '4 data csv.quote: column a has a quote inside a field that does not start with one',
    );
    expect(fault('1, "2"\n')).toMatch(/^1 data csv.quote: column b /);
  });

  it('for text after a closing quote', () => {
    expect(fault('1,2\n"x\ny"z,2\n')).toBe('3 data csv.quote: column a has text after its closing quote');
    expect(fault('1,2,"3" \n')).toBe('1 data csv.quote: field 3 has text after its closing quote');
    expect(fault('"1"\r,2\n')).toMatch(/^1 data csv.quote/);
  });

  it('for a quote that is never closed, on the line where it opens', () => {
    const problem = 'opens a quote that is never closed';
    expect(fault('1,2\n\n"x\ny,2\n')).toBe(`3 input csv.unterminated_quote: column a ${problem}`);
    expect(fault('1,2\n3,"')).toBe(`2 input csv.unterminated_quote: column b ${problem}`);
    expect(fault('1,2\n3,"4""')).toBe(`2 input csv.unterminated_quote: column b ${problem}`);
  });

  it('for bytes that are not UTF-8', () => {
    const latin1 = Buffer.from('a,1\nb,2\nMüller,3\nd,4', 'latin1');
    expect(fault(latin1)).toBe('3 data csv.encoding: the bytes are not UTF-8');
    expect(fault(Buffer.from('a,1\nb,\xc3', 'latin1'))).toMatch(/^2 data csv.encoding/);
  });
});

it('refuses a dialect it cannot read', () => {
  for (const [delimiter, quote] of [['', '"'], [',,', '"'], ['\n', '"'], ['¦', '"'], [',', ','], [',', '""']] as const) {
    expect(() => makeCsvDecoder({ kind: 'csv', delimiter, quote }, planOf(['a'], [], []))).toThrow(TypeError);
  } // prettier-ignore
});
