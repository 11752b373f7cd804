import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInteger } from '../../src/csv/decimal.js';
import { decodeColumn, faultsOf } from './csv-helpers.js';

const digits = (most: number) =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: most }).map((all) => all.join(''));
const decimalTexts = fc
  .record({
    sign: fc.constantFrom('', '-', '+'),
    whole: digits(22),
    decimals: fc.option(digits(25), { nil: '' }),
    exponent: fc.option(fc.integer({ min: -345, max: 325 }), { nil: undefined }),
    upper: fc.boolean(),
  })
  .map(({ sign, whole, decimals, exponent, upper }) => {
    const tail = exponent === undefined ? '' : `${upper ? 'E' : 'e'}${exponent}`;
    return `${sign}${whole}${decimals === '' ? '' : `.${decimals}`}${tail}`;
  });
const printed = fc.double({ noNaN: true, noDefaultInfinity: true });

describe('decimals', () => {
  it('are the doubles that Number() gives', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(decimalTexts, printed.map(String)), { minLength: 1, maxLength: 40 }),
        (texts) => {
          const block = decodeColumn('float64', texts);
          const expected = texts.map(Number);
          expect([...block.tensors[0]!]).toEqual(expected.filter(Number.isFinite));
          expect(block.rejects.length).toBe(expected.filter((value) => !Number.isFinite(value)).length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('become the nearest float32 of that double', () => {
    const single = fc.float({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(fc.oneof(single, printed), { minLength: 1, maxLength: 40 }), (values) => {
        const block = decodeColumn('float32', values.map(String));
        expect([...block.tensors[0]!]).toEqual(
          values.map((value) => Math.fround(Number(String(value)))).filter(Number.isFinite),
        );
      }),
    );
  });

  it('keep their value at the edges of exactness', () => {
    // prettier-ignore
    const texts = [
      '-0', '.5', '+.5', '0.1', '9007199254740991', '9007199254740992', '9007199254740993', '9007199254740995',
      '1e22', '1e23', '123456789', '1234567890', '1.23456789', '12345678.9', '4.9e-324', '2.4703282292062327e-324',
      '2.4703282292062328e-324', '1.7976931348623157e308', '2.2250738585072011e-308', '0.000001e-5',
      '179769313486231580793728971405301e276', '00000000000000000001', '0.00000000000000000000000001e26',
    ];
    expect([...decodeColumn('float64', texts).tensors[0]!]).toEqual(texts.map(Number));
  });

  it('may have spaces and tabs around them, and quotes', () => {
    const block = decodeColumn('float64', [' 1.5', '2.5\t', '"3.5"', '" 4.5 "', '""']);
    expect([...block.tensors[0]!]).toEqual([1.5, 2.5, 3.5, 4.5]);
    expect(faultsOf(block)).toEqual(['5 missing x']);
  });

  it('are nothing else', () => {
    const texts = [
      'x',
      '-',
      '+',
      '.',
      '5.',
      '1e',
      '1e+',
      '0x1F',
      '1_000',
      '1 000',
      'NaN',
      '--1',
      '1.2.3',
      ' ',
      '1e5.0',
      '１',
      '"1""2"',
    ];
    for (const type of ['float32', 'float64', 'int32', 'int64'] as const) {
      expect(faultsOf(decodeColumn(type, texts))).toEqual(texts.map((_, row) => `${row + 1} not_a_number x`));
    }
  });

  it('are rejected where they overflow', () => {
    const infinite = ['inf', '-Infinity', '+INF', '1e309', '-1e400'];
    expect(faultsOf(decodeColumn('float64', [...infinite, '1e308']))).toEqual(
      infinite.map((_, row) => `${row + 1} not_finite x`),
    );
    const single = decodeColumn('float32', ['3.4028235e38', '3.4028236e38', '-1e39', 'inf', '3.40282356e38']);
    expect([...single.tensors[0]!]).toEqual([Math.fround(3.4028235e38), Math.fround(3.40282356e38)]);
    expect(faultsOf(single)).toEqual(['2 not_finite x', '3 not_finite x', '4 not_finite x']);
  });
});

describe('integers', () => {
  it('are exact at the edges of int64', () => {
    const inside = [
      '9223372036854775807',
      '-9223372036854775808',
      '9007199254740993',
      '-1',
      '0',
      '4294967296',
      '-4294967297',
      '+7',
    ];
    expect([...decodeColumn('int64', inside).tensors[0]!]).toEqual(inside.map(BigInt));
    const outside = [
      '9223372036854775808',
      '-9223372036854775809',
      '1e19',
      '1e30',
      '99999999999999999999',
      '1e999999999999',
    ];
    expect(faultsOf(decodeColumn('int64', outside))).toEqual(
      outside.map((_, row) => `${row + 1} out_of_range x`),
    );
  });

  it('are exact at the edges of int32', () => {
    const block = decodeColumn('int32', ['2147483647', '-2147483648', '2147483648', '-2147483649', '1e10']);
    expect([...block.tensors[0]!]).toEqual([2147483647, -2147483648]);
    expect(faultsOf(block)).toEqual(['3 out_of_range x', '4 out_of_range x', '5 out_of_range x']);
  });

  it('may be written with a point or an exponent, but not be a fraction', () => {
    const block = decodeColumn('int64', [
      '52.0',
      '5e1',
      '1200e-2',
      '9.223372036854775807e18',
      '-0.0',
      '3.5',
      '5e-1',
      '5.00000000000000000000001',
    ]);
    expect([...block.tensors[0]!]).toEqual([52n, 50n, 12n, 9223372036854775807n, 0n]);
    expect(faultsOf(block)).toEqual(['6 not_an_integer x', '7 not_an_integer x', '8 not_an_integer x']);
  });

  it('are those that were written, for any 64 bits and any notation', () => {
    const values = fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), {
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 25 }), (all, zeros) => {
        const exponent = zeros === 0 ? '' : `${'0'.repeat(zeros)}e-${zeros}`;
        expect([
          ...decodeColumn(
            'int64',
            all.map((value) => `${value}${exponent}`),
          ).tensors[0]!,
        ]).toEqual(all);
      }),
    );
  });

  it('of any exponent cost no time', () => {
    expect(parseInteger('1e999999999')).toBe('large');
    expect(parseInteger('1e-999999999')).toBe('fraction');
    expect(parseInteger('0e999999999')).toBe(0n);
  });

  it('that a float cannot hold are counted, if their row is scored', () => {
    expect(
      decodeColumn('float32', ['16777216', '16777217', '-16777219', '16777217.0', '1.6777217e7', '0.1'])
        .inexactIntegers,
    ).toBe(2);
    expect(decodeColumn('float32', ['9007199254740993', '1152921504606846976']).inexactIntegers).toBe(1);
    expect(
      decodeColumn('float64', ['16777217', '9007199254740993', '9007199254740994', '1e300']).inexactIntegers,
    ).toBe(1);
  });
});
