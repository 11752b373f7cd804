import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FeatureType } from '../../src/domain/columns.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { decodeQuery, type Feature } from '../helpers/postgres-query.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const decimalText = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.stringMatching(/^\d{1,5}$/), fc.stringMatching(/^\d{1,40}$/)),
    fc.oneof(fc.constant(''), fc.stringMatching(/^\.\d{1,4}$/), fc.stringMatching(/^\.0*\d{1,40}$/)),
    fc.oneof(
      fc.constant(''),
      fc.integer({ min: -320, max: 320 }).map((exponent) => `e${exponent}`),
    ),
  )
  .map((parts) => parts.join(''));

const RUNS = { numRuns: 25 };

test('every numeric is the double nearest to the text that the server shows, or is rejected', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(decimalText, { minLength: 1, maxLength: 100 }), async (texts) => {
      await database.client.query('drop table if exists n; create table n (i serial, v numeric)');
      await database.client.query('insert into n (v) select unnest($1::text[])::numeric', [texts]);
      const { rows } = await database.client.query<{ v: string }>('select v::text from n order by i');
      const shown = rows.map(({ v }) => v);
      const decoded = await decodeQuery(database.url, 'select v from n order by i', {
        features: [{ column: 'v', type: 'float64' }],
        blockBytes: 500,
      });
      expect(decoded.values['v float64']).toEqual(
        shown
          .map(Number)
          .filter(Number.isFinite)
          .map((value) => value + 0),
      );
      expect(decoded.rejects.map(({ raw }) => raw)).toEqual(
        shown.filter((text) => !Number.isFinite(Number(text))),
      );
      const integers = await decodeQuery(database.url, 'select v from n order by i', {
        features: [{ column: 'v', type: 'int64' }],
      });
      const whole = shown
        .filter((text) => /^[^.]*(\.0*)?$/.test(text))
        .map((text) => BigInt(text.split('.')[0]!));
      expect(integers.values['v int64']).toEqual(whole.filter((value) => BigInt.asIntN(64, value) === value));
    }),
    RUNS,
  );
});

interface Case {
  readonly sqlType: string;
  readonly type: FeatureType;
  readonly values: fc.Arbitrary<string>;
  readonly read: (text: string) => unknown;
}

const double = fc.double({ noNaN: true, noDefaultInfinity: true });
const CASES: readonly Case[] = [
  {
    sqlType: 'int2',
    type: 'int32',
    values: fc.integer({ min: -32768, max: 32767 }).map(String),
    read: Number,
  },
  {
    sqlType: 'int4',
    type: 'float32',
    values: fc.maxSafeInteger().map((value) => String(value | 0)),
    read: (text) => Math.fround(Number(text)),
  },
  {
    sqlType: 'int8',
    type: 'int64',
    values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    read: BigInt,
  },
  {
    sqlType: 'int8',
    type: 'float64',
    values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    read: Number,
  },
  {
    sqlType: 'int8',
    type: 'string',
    values: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    read: String,
  },
  {
    sqlType: 'float8',
    type: 'float64',
    values: double.map((value) => (Object.is(value, -0) ? '-0' : String(value))),
    read: Number,
  },
  {
    sqlType: 'float4',
    type: 'float32',
    values: fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
    read: (text) => Math.fround(Number(text)),
  },
  {
    sqlType: 'bool',
    type: 'bool',
    values: fc.constantFrom('true', 'false'),
    read: (text) => (text === 'true' ? 1 : 0),
  },
  {
    sqlType: 'text',
    type: 'string',
    values: fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    read: String,
  },
  { sqlType: 'varchar', type: 'string', values: fc.constantFrom('a', 'b', 'ab', ''), read: String },
  { sqlType: 'uuid', type: 'string', values: fc.uuid(), read: String },
];

test('rows of all types are those that the server shows as text; NULLs and block sizes change nothing', async () => {
  const row = fc.tuple(...CASES.map(({ values }) => fc.option(values, { freq: 20 })));
  const columns = CASES.map(({ sqlType }, index) => `c${index} ${sqlType}`).join(', ');
  const features = CASES.map(({ type }, index): Feature => ({ column: `c${index}`, type }));
  await fc.assert(
    fc.asyncProperty(
      fc.array(row, { maxLength: 60 }),
      fc.integer({ min: 1, max: 5000 }),
      async (rows, blockBytes) => {
        await database.client.query(`drop table if exists mixed; create table mixed (i int4, ${columns})`);
        await database.client.query(
          `insert into mixed select i, ${CASES.map(({ sqlType }, index) => `c${index}::${sqlType}`).join(', ')}
         from unnest($1::int4[], ${CASES.map((_, index) => `$${index + 2}::text[]`).join(', ')})
           as t(i, ${CASES.map((_, index) => `c${index}`).join(', ')})`,
          [rows.map((_, index) => index), ...CASES.map((_, column) => rows.map((values) => values[column]))],
        );
        const shown = await database.client.query<Record<string, string | null>>(
          `select ${CASES.map((_, index) => `c${index}::text`).join(', ')} from mixed order by i`,
        );
        const decoded = await decodeQuery(database.url, 'select * from mixed order by i', {
          features,
          keys: ['i'],
          blockBytes,
        });
        const whole = shown.rows
          .map((values, index) => ({ values, index }))
          .filter(({ values }) => !Object.values(values).includes(null));
        expect(decoded.keys).toEqual(whole.map(({ index }) => String(index)));
        CASES.forEach(({ type, read }, column) => {
          const name = `c${column}`;
          expect(decoded.values[`${name} ${type}`]).toEqual(whole.map(({ values }) => read(values[name]!)));
        });
        expect(decoded.rejects.map(({ line, code }) => `${line} ${code}`)).toEqual(
          shown.rows.flatMap((values, index) =>
            Object.values(values).includes(null) ? [`${index + 1} missing`] : [],
          ),
        );
        expect(decoded.read).toBe(rows.length);
      },
    ),
    RUNS,
  );
});
