import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MissingPolicy } from '../../src/domain/columns.js';
import { makePostgresDecoder } from '../../src/postgres/decoder.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { decodeQuery, REJECT, type Decoded, type Feature } from '../helpers/postgres-query.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

/** Decodes the column `v` of `values` into one input type. */
function decode(values: string, type: Feature['type'], missing: MissingPolicy = REJECT): Promise<Decoded> {
  return decodeQuery(database.url, `select * from (values ${values}) as t(v)`, {
    features: [{ column: 'v', type, missing }],
  });
}

async function valuesOf(values: string, type: Feature['type'], missing?: MissingPolicy): Promise<unknown> {
  const { values: decoded, rejects } = await decode(values, type, missing);
  expect(rejects).toEqual([]);
  return decoded[`v ${type}`];
}

async function rejectsOf(values: string, type: Feature['type']): Promise<string[]> {
  const { rejects } = await decode(values, type);
  return rejects.map(({ line, code, column, raw }) => `${line} ${String(column)} ${code} ${raw}`);
}

const INTS = {
  int2: '((-32768)::int2), (0::int2), (32767::int2)',
  int4: '((-2147483648)::int4), (0), (2147483647)',
  int8: '((-9223372036854775808)::int8), (0), (9223372036854775807)',
};

describe('integers', () => {
  test('keep their least and greatest values in inputs that hold them', async () => {
    expect(await valuesOf(INTS.int2, 'int32')).toEqual([-32768, 0, 32767]);
    expect(await valuesOf(INTS.int2, 'int64')).toEqual([-32768n, 0n, 32767n]);
    expect(await valuesOf(INTS.int2, 'float32')).toEqual([-32768, 0, 32767]);
    expect(await valuesOf(INTS.int4, 'int32')).toEqual([-2147483648, 0, 2147483647]);
    expect(await valuesOf(INTS.int4, 'float64')).toEqual([-2147483648, 0, 2147483647]);
    expect(await valuesOf(INTS.int8, 'int64')).toEqual([-(2n ** 63n), 0n, 2n ** 63n - 1n]);
    expect(await valuesOf(INTS.int8, 'string')).toEqual(['-9223372036854775808', '0', '9223372036854775807']);
    expect(await valuesOf(INTS.int4, 'string')).toEqual(['-2147483648', '0', '2147483647']);
    expect(await valuesOf(INTS.int2, 'string')).toEqual(['-32768', '0', '32767']);
  });

  test('are refused by an int32 that cannot hold them', async () => {
    expect(
      await rejectsOf('(2147483647::int8), (2147483648), (-2147483648), (-2147483649)', 'int32'),
    ).toEqual(['2 v out_of_range 2147483648', '4 v out_of_range -2147483649']);
  });

  test('that a float cannot hold are rounded and counted', async () => {
    const single = await decode('(16777216::int4), (16777217), (-16777217), (16777218)', 'float32');
    expect(single.values['v float32']).toEqual([16777216, 16777216, -16777216, 16777218]);
    expect(single.inexactIntegers).toBe(2);
    const double = await decode(
      '(9007199254740992::int8), (9007199254740993), (9007199254740994), (-9007199254740993)',
      'float64',
    );
    expect(double.values['v float64']).toEqual([2 ** 53, 2 ** 53, 2 ** 53 + 2, -(2 ** 53)]);
    expect(double.inexactIntegers).toBe(2);
    expect(
      (await decode('(4611686018427387904::int8), (4611686018427387905)', 'float32')).inexactIntegers,
    ).toBe(1);
    expect(
      (
        await decode(
          '(16777217::numeric), (16777217.0), (16777217.5), (90071992547409930), (90071992547409931)',
          'float32',
        )
      ).inexactIntegers,
    ).toBe(3);
    expect((await decode('(16777217::float8), (16777217.5), (1e300)', 'float64')).inexactIntegers).toBe(0);
    expect((await decode('(16777217::float8), (16777217.5)', 'float32')).inexactIntegers).toBe(1);
  });

  test('of a rejected row are not counted', async () => {
    const { inexactIntegers, rejects } = await decodeQuery(
      database.url,
      'select 16777217 as a, null::int4 as b',
      {
        features: [
          { column: 'a', type: 'float32' },
          { column: 'b', type: 'float32' },
        ],
      },
    );
    expect([inexactIntegers, rejects.length]).toEqual([0, 1]);
  });
});

describe('floats', () => {
  test('keep every bit that the input holds', async () => {
    const values = "(0.1::float8), ('-0'), (5e-324), (1.7976931348623157e308), (3.4028234663852886e38)";
    expect(await valuesOf(values, 'float64')).toEqual([
      0.1,
      -0,
      5e-324,
      Number.MAX_VALUE,
      3.4028234663852886e38,
    ]);
    expect(await valuesOf('(0.1::float4), (1e-45), (3.4028235e38)', 'float32')).toEqual([
      Math.fround(0.1),
      Math.fround(1e-45),
      3.4028234663852886e38,
    ]);
    expect(await valuesOf('(0.1::float4)', 'float64')).toEqual([Math.fround(0.1)]);
  });

  test('that are infinite, or too large for the input, are rejected', async () => {
    expect(await rejectsOf("('inf'::float8), ('-inf'), (1), (1e39)", 'float32')).toEqual([
      '1 v not_finite Infinity',
      '2 v not_finite -Infinity',
      '4 v not_finite 1e+39',
    ]);
    expect(await rejectsOf("('inf'::float4), (1)", 'int32')).toEqual(['1 v not_finite Infinity']);
    expect(await rejectsOf("('-inf'::float8), (1)", 'int64')).toEqual(['1 v not_finite -Infinity']);
  });

  test('NaN is missing', async () => {
    expect(await rejectsOf("('nan'::float8), (1)", 'float32')).toEqual(['1 v missing NaN']);
    expect(await rejectsOf("('nan'::float4), (1)", 'int32')).toEqual(['1 v missing NaN']);
    expect(await rejectsOf("('nan'::numeric), (1)", 'int64')).toEqual(['1 v missing NaN']);
    expect(await valuesOf("('nan'::float8), (1)", 'float32', { then: 'nan', tokens: [] })).toEqual([NaN, 1]);
    expect(await valuesOf("('nan'::float8), (1)", 'int64', { then: 'fill', value: 7, tokens: [] })).toEqual([
      7n,
      1n,
    ]);
  });

  test('become integers only where they are', async () => {
    expect(await valuesOf('(3::float8), (-0.0), (-2147483648)', 'int32')).toEqual([3, 0, -2147483648]);
    expect(await valuesOf('(9007199254740992::float8), (-9223372036854775808)', 'int64')).toEqual([
      2n ** 53n,
      -(2n ** 63n),
    ]);
    expect(await rejectsOf('(0.5::float8), (2147483648), (1e300)', 'int32')).toEqual([
      '1 v not_an_integer 0.5',
      '2 v out_of_range 2147483648',
      '3 v out_of_range 1e+300',
    ]);
    expect(await rejectsOf('(0.1::float4), (9223372036854775808)', 'int64')).toEqual([
      '1 v not_an_integer 0.1',
      '2 v out_of_range 9223372000000000000',
    ]);
  });
});

describe('numeric', () => {
  test('is the nearest double, whatever its digits', async () => {
    const texts = [
      '0',
      '0.00',
      '-1',
      '10000',
      '0.0001',
      '123456789012345678901234567890',
      '0.1',
      '-99999999.99',
      '9007199254740993',
      '1e-30',
      '1e22',
      '1e23',
      '1.7976931348623157e308',
      '2.5e-320',
      '0.30000000000000004',
    ];
    const list = texts.map((text) => `(${text}::numeric)`).join(',');
    expect(await valuesOf(list, 'float64')).toEqual(texts.map(Number));
  });

  test('is an integer input only where it is one', async () => {
    expect(await valuesOf('(5.00::numeric), (-9223372036854775808), (0.000)', 'int64')).toEqual([
      5n,
      -(2n ** 63n),
      0n,
    ]);
    expect(await valuesOf('(5.00::numeric), (-2147483648)', 'int32')).toEqual([5, -2147483648]);
    expect(await rejectsOf("(5.5::numeric), (9223372036854775808), (1e40), ('inf'), (1)", 'int64')).toEqual([
      '1 v not_an_integer 5.5',
      '2 v out_of_range 9223372036854775808',
      '3 v out_of_range 10000000000000000000000000000000000000000',
      '4 v not_finite Infinity',
    ]);
    for (const type of ['int32', 'int64'] as const) {
      expect(await rejectsOf('(5.00000000000000000000001::numeric), (1e-400), (1)', type)).toEqual([
        '1 v not_an_integer 5.00000000000000000000001',
        `2 v not_an_integer 0.${'0'.repeat(399)}1`,
      ]);
    }
    expect(await rejectsOf('(0.5::numeric), (-2147483649.0)', 'int32')).toEqual([
      '1 v not_an_integer 0.5',
      '2 v out_of_range -2147483649.0',
    ]);
  });

  test('beyond the doubles is rejected', async () => {
    expect(await rejectsOf("('1e309'::numeric), ('-inf'), (1)", 'float64')).toEqual([
      `1 v not_finite 1${'0'.repeat(309)}`,
      '2 v not_finite -Infinity',
    ]);
  });
});

test('booleans feed booleans and numbers', async () => {
  expect(await valuesOf('(true), (false)', 'bool')).toEqual([1, 0]);
  expect(await valuesOf('(true), (false)', 'float32')).toEqual([1, 0]);
  expect(await valuesOf('(true), (false)', 'int64')).toEqual([1n, 0n]);
  expect(await valuesOf('(true), (null)', 'bool', { then: 'fill', value: false, tokens: [] })).toEqual([
    1, 0,
  ]);
  expect(await rejectsOf('(true), (null)', 'bool')).toEqual(['2 v missing ']);
});

describe('text', () => {
  const texts = ['', 'a', 'naïve — 東京 😀', 'x'.repeat(70), 'a,"b"\n', 'NULL'];
  const list = texts.map((text) => `('${text}')`).join(',');

  test('is the very text, from text, varchar and uuid columns', async () => {
    expect(await valuesOf(list, 'string')).toEqual(texts);
    expect(await valuesOf("('ab '::varchar(5)), ('c')", 'string')).toEqual(['ab ', 'c']);
    expect(await valuesOf(`('f'::"char"), ('g')`, 'string')).toEqual(['f', 'g']);
    const uuid = '00112233-4455-6677-8899-aabbccddeeff';
    expect(await valuesOf(`('${uuid}'::uuid)`, 'string')).toEqual([uuid]);
  });

  test('of character(n) has no padding, as when the server casts it', async () => {
    const query = "select c, c::text as t from (values ('ab'::char(5)), (''), (' x')) as v(c)";
    const { values } = await decodeQuery(database.url, query, {
      features: [
        { column: 'c', type: 'string' },
        { column: 't', type: 'string' },
      ],
    });
    expect(values['c string']).toEqual(values['t string']);
    expect(values['c string']).toEqual(['ab', '', ' x']);
  });

  test('of an enum is its label', async () => {
    await database.client.query("create type plan as enum ('basic', 'extra')");
    expect(await valuesOf("('extra'::plan), ('basic')", 'string')).toEqual(['extra', 'basic']);
  });

  test('is missing where it is NULL or a token', async () => {
    expect(await rejectsOf("('a'), (null)", 'string')).toEqual(['2 v missing ']);
    const fill: MissingPolicy = { then: 'fill', value: 'unknown', tokens: ['?', ''] };
    expect(await valuesOf("('a'), (null), ('?'), (''), ('??')", 'string', fill)).toEqual([
      'a',
      'unknown',
      'unknown',
      'unknown',
      '??',
    ]);
    const tokens: MissingPolicy = { then: 'reject', tokens: ['1', 'a'] };
    expect((await decode("('a'), ('b')", 'string', tokens)).rejects).toHaveLength(1);
    expect(await valuesOf('(1), (2)', 'string', tokens)).toEqual(['1', '2']);
  });

  test('of thousands of different values, many times over, is never mixed up', async () => {
    const query = "select 'value ' || (g * 7919 % 10007) as v from generate_series(1, 30000) g";
    const { values } = await decodeQuery(database.url, query, {
      features: [{ column: 'v', type: 'string' }],
    });
    expect(values['v string']).toEqual(
      Array.from({ length: 30_000 }, (_, g) => `value ${((g + 1) * 7919) % 10_007}`),
    );
  });
});

describe('keys', () => {
  test('of every type come as their bytes', async () => {
    const query = `select 'k é'::text as a, 'ab'::char(4) as b, 'v'::varchar as c, (-7)::int2 as d, 8::int4 as e,
      -9::int8 as f, '00112233-4455-6677-8899-aabbccddeeff'::uuid as g, date '1999-12-31' as h,
      timestamp '2026-11-20 01:02:03.000004' as i, timestamptz '2026-11-20 01:02:03+01' as j`;
    const { keys } = await decodeQuery(database.url, query, { keys: 'a b c d e f g h i j'.split(' ') });
    expect(keys).toEqual([
      'k é, ab, v, -7, 8, -9, 00112233-4455-6677-8899-aabbccddeeff, 1999-12-31, 2026-11-20T01:02:03.000004, 2026-11-20T00:02:03.000000Z',
    ]);
  });

  test('that are NULL reject the row, and only the others remain', async () => {
    const query =
      "select * from (values (1, 'a', 1.5), (null, 'b', 2.5), (3, null, 3.5), (4, 'd', null), (5, 'e', 5.5)) as t(id, name, x)";
    const { keys, values, rejects, read } = await decodeQuery(database.url, query, {
      keys: ['name', 'id'],
      features: [{ column: 'x', type: 'float64' }],
      blockBytes: 40,
    });
    expect(keys).toEqual(['a, 1', 'e, 5']);
    expect(values['x float64']).toEqual([1.5, 5.5]);
    expect(read).toBe(5);
    expect(rejects).toEqual([
      { line: 2, column: 'id', code: 'missing_key', raw: ',b,2.5' },
      { line: 3, column: 'name', code: 'missing_key', raw: '3,,3.5' },
      { line: 4, column: 'x', code: 'missing', raw: '4,d,' },
    ]);
  });
});

test('the leftmost fault of a row is the one that is told', async () => {
  const query = "select null::int4 as a, 'inf'::float8 as b, null::int4 as c union all select 1, 'inf', null";
  const { rejects } = await decodeQuery(database.url, query, {
    features: [
      { column: 'b', type: 'float32' },
      { column: 'a', type: 'float32' },
    ],
    keys: ['c'],
  });
  expect(rejects.map(({ column, code }) => `${String(column)} ${code}`)).toEqual([
    'a missing',
    'b not_finite',
  ]);
});

test('a matrix is filled row by row, at its own places', () => {
  const decoder = makePostgresDecoder(
    { kind: 'postgres', types: [23, 23, 23] },
    {
      columns: ['a', 'b', 'c'],
      keys: [],
      features: [
        { column: 'a', sourceIndex: 0, type: 'float32', missing: REJECT, input: 0, offset: 1 },
        { column: 'c', sourceIndex: 2, type: 'float32', missing: REJECT, input: 0, offset: 0 },
      ],
      inputs: [{ name: 'matrix', type: 'float32', width: 2 }],
    },
  );
  const tuple = (values: (number | null)[]): number[] => [
    0,
    values.length,
    ...values.flatMap((value) => (value === null ? [255, 255, 255, 255] : [0, 0, 0, 4, 0, 0, 0, value])),
  ];
  const bytes = new Uint8Array([...tuple([1, 2, 3]), ...tuple([null, 5, 6]), ...tuple([7, null, 9])]);
  // Not at the start of its buffer, as a block may well be.
  const shifted = new Uint8Array(bytes.length + 3);
  shifted.set(bytes, 3);
  const block = decoder.decode({ sequence: 0, bytes: shifted.subarray(3) });
  expect(block.tensors).toEqual([new Float32Array([3, 1, 9, 7])]);
  expect(block.rejects).toEqual([{ line: 2, column: 'a', code: 'missing', raw: ',5,6' }]);
});

test('the raw text of a reject is what the server writes, as CSV', async () => {
  const columns = `null::int4 as id, true as b, 'a "quoted", text' as t, '' as empty, 1.10::numeric as n, 0.1::float4 as f,
    '-0'::float8 as z, 1e15::float8 as e, date '2026-11-20' as d, date 'infinity' as di, timestamp '2026-11-20 10:00:00.5' as ts,
    timestamptz '2026-11-20 10:00:00+02' as tz, timestamp '-infinity' as ti, '{"a":1}'::json as j,
    '00112233-4455-6677-8899-aabbccddeeff'::uuid as u, timestamp '1969-12-31 23:59:59.999999' as old`;
  const { rejects } = await decodeQuery(database.url, `select ${columns}`, { keys: ['id'] });
  expect(rejects.map(({ raw }) => raw)).toEqual([
    ',t,"a ""quoted"", text","",1.10,0.1,-0,1000000000000000,2026-11-20,infinity,2026-11-20 10:00:00.5,2026-11-20 08:00:00+00,-infinity,' +
      '\\x7b2261223a317d,00112233-4455-6677-8899-aabbccddeeff,1969-12-31 23:59:59.999999',
  ]);
});

test('a plan that needs a conversion which is not offered is a bug', () => {
  const plan = (type: Feature['type']) => ({
    columns: ['v'],
    keys: [],
    features: [{ column: 'v', sourceIndex: 0, type, missing: REJECT, input: 0, offset: 0 }],
    inputs: [{ name: 'v', type, width: 1 }],
  });
  expect(() => makePostgresDecoder({ kind: 'postgres', types: [25] }, plan('float32'))).toThrow(TypeError);
  expect(() => makePostgresDecoder({ kind: 'postgres', types: [114] }, plan('string'))).toThrow(TypeError);
  expect(() => makePostgresDecoder({ kind: 'postgres', types: [23] }, plan('bool'))).toThrow(TypeError);
});
