import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FeatureType, MissingPolicy } from '../../src/domain/columns.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';
import { decodeQuery, type Feature, openQuery } from '../helpers/postgres-query.js';
import { eachCase, report, timeoutFor } from './cases.js';
import { type Parsed, SERVER_TYPES, type ServerType, settle } from './copy-values.js';
import type { Random } from './random.js';

/** Binary COPY, as the decoder reads it, against the texts of the same rows, as `pg` parses them. */
const TABLES = 15;
const ROWS = 400;
const READS = 12;

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`set timezone to 'UTC'`);
  await database.client.query(
    `create unlogged table t (i int4 primary key, ${SERVER_TYPES.map(({ name }, index) => `c${index} ${name}`).join(', ')})`,
  );
});
afterAll(() => database.drop());

async function fill(random: Random): Promise<void> {
  const columns = SERVER_TYPES.map(({ value }) =>
    Array.from({ length: ROWS }, () => (random.oneIn(15) ? null : value(random))),
  );
  await database.client.query('truncate t');
  await database.client.query(
    `insert into t select i, ${SERVER_TYPES.map(({ name }, index) => `c${index}::${name}`).join(', ')}
     from unnest($1::int4[], ${SERVER_TYPES.map((_, index) => `$${index + 2}::text[]`).join(', ')})
       as t(i, ${SERVER_TYPES.map((_, index) => `c${index}`).join(', ')})`,
    [columns[0]!.map((_, row) => row), ...columns],
  );
}

const { BPCHAR, DATE, TIMESTAMP, TIMESTAMPTZ } = pg.types.builtins;
const AS_TEXT: readonly number[] = [DATE, TIMESTAMP, TIMESTAMPTZ];

/** What pg makes of it; where it makes a Date, which has no microseconds, the server's text. */
async function asParsed(query: string): Promise<Parsed[][]> {
  const types: pg.CustomTypesConfig = {
    getTypeParser: ((oid: (typeof pg.types.builtins)[keyof typeof pg.types.builtins]) => {
      // The server's own cast to text, and so its comparisons, leave the padding out.
      if (oid === BPCHAR) return (value: string) => value.replace(/ +$/, '');
      return AS_TEXT.includes(oid) ? String : (pg.types.getTypeParser(oid) as (value: string) => Parsed);
    }) as typeof pg.types.getTypeParser,
  };
  return (await database.client.query<Parsed[]>({ text: query, rowMode: 'array', types })).rows;
}

/** A time as keys are shown: ISO 8601 with all microseconds. */
function keyOf(server: string, given: Parsed): string {
  const value = String(given);
  if (!server.startsWith('timestamp') || value.endsWith('infinity')) return value;
  const [whole, fraction = ''] = value.replace('+00', '').replace(' ', 'T').split('.');
  return `${whole!}.${fraction.padEnd(6, '0')}${server === 'timestamptz' ? 'Z' : ''}`;
}

function policy(random: Random, type: FeatureType): MissingPolicy {
  const tokens = type === 'string' && random.oneIn(2) ? random.pick([['a'], ['', '7'], ['NULL', 'ab']]) : [];
  const value =
    type === 'string' ? random.pick(['unknown', 'a']) : type === 'bool' ? random.oneIn(2) : random.below(3);
  const choices: MissingPolicy[] = [
    { then: 'reject', tokens },
    { then: 'fill', value, tokens },
    ...(type.startsWith('float') ? [{ then: 'nan' as const, tokens }] : []),
  ];
  return random.pick(choices);
}

/** A column that is read as a key, or as features of some types. */
interface Chosen {
  readonly column: string;
  readonly server: ServerType;
  readonly isKey: boolean;
  readonly features: readonly Required<Feature>[];
}

function choose(random: Random): Chosen[] {
  const indices = [...SERVER_TYPES.keys()].filter(() => random.oneIn(4)).sort(() => random.between(-1, 1));
  return indices.map((index) => {
    const server = SERVER_TYPES[index]!;
    const column = `c${index}`;
    const isKey = server.isKey && (server.feeds.length === 0 || random.oneIn(3));
    const types = isKey ? [] : server.feeds.filter(() => random.oneIn(2));
    return {
      ...{ column, server, isKey },
      features: types.map((type) => ({ column, type, missing: policy(random, type) })),
    };
  });
}

interface ExpectedRow {
  /** The leftmost: column and code. */
  readonly fault: string | undefined;
  readonly key: string;
  /** By `column type`. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly inexactIntegers: number;
}

function expectedOf(chosen: readonly Chosen[], [i, ...fields]: readonly Parsed[]): ExpectedRow {
  const faults: string[] = [];
  const keys = [String(i)];
  const values: Record<string, unknown> = {};
  let inexactIntegers = 0;
  chosen.forEach(({ column, server, isKey, features }, index) => {
    const given: Parsed = fields[index]!;
    if (isKey && fields[index] === null) faults.push(`${column} missing_key`);
    if (isKey) keys.push(keyOf(server.name, given));
    for (const { type, missing } of features) {
      const settled = settle(server.name, given, type, missing);
      if ('fault' in settled) faults.push(`${column} ${settled.fault}`);
      else {
        values[`${column} ${type}`] = settled.value;
        inexactIntegers += Number(settled.isInexact);
      }
    }
  });
  return { fault: faults[0], key: keys.join(', '), values, inexactIntegers };
}

/** Reads some rows of some columns in both ways; the count of fields compared. */
async function compare(random: Random): Promise<number> {
  const chosen = choose(random);
  const features = chosen.flatMap((each) => each.features);
  const keys = ['i', ...chosen.filter(({ isKey }) => isKey).map(({ column }) => column)];
  const from = random.below(ROWS);
  const query = `select ${['i', ...chosen.map(({ column }) => column)].join(', ')} from t
    where i between ${from} and ${from + random.below(ROWS)} order by i`;
  const blockBytes = random.pick([1, 100, 2000, 65_536]);

  const decoded = await decodeQuery(database.url, query, { features, keys, blockBytes });
  const rows = (await asParsed(query)).map((fields) => expectedOf(chosen, fields));
  const whole = rows.filter(({ fault }) => fault === undefined);

  expect(decoded.read).toBe(rows.length);
  expect(decoded.rejects.map(({ line, column, code }) => `${line} ${column!} ${code}`)).toEqual(
    rows.flatMap(({ fault }, row) => (fault === undefined ? [] : [`${row + 1} ${fault}`])),
  );
  expect(decoded.keys).toEqual(whole.map(({ key }) => key));
  for (const [name, values] of Object.entries(decoded.values))
    expect(values, name).toEqual(whole.map((row) => row.values[name]));
  expect(decoded.inexactIntegers).toBe(whole.reduce((sum, row) => sum + row.inexactIntegers, 0));
  return rows.length * (features.length + keys.length);
}

it(
  'fields of every type are what pg makes of them, or are rejected',
  { timeout: timeoutFor(10) },
  async () => {
    let fields = 0;
    await eachCase('binary COPY', TABLES, async (random) => {
      await fill(random);
      for (let read = 0; read < READS; read++) fields += await compare(random);
    });
    report('fields of binary COPY', fields);
    expect(fields).toBeGreaterThan(0);
  },
);

it('fields of all other types, arrays among them, are neither features nor keys', async () => {
  const { rows } = await database.client.query<{ name: string }>(
    `select t.oid::regtype::text as name from pg_type t join pg_namespace n on n.oid = t.typnamespace
     where t.typtype in ('b', 'c', 'd', 'r', 'm') and nspname in ('pg_catalog', 'public')
       and t.typname !~ '^_?pg_' order by 1`,
  );
  const source = await openQuery(
    database.url,
    `select ${rows.map(({ name }, index) => `null::${name} as c${index}`).join(', ')}`,
  );
  try {
    const known = ['bpchar', ...SERVER_TYPES.map(({ name }) => name.replace(/\(\d\)/, ''))];
    const oids = await database.client.query<{ name: string }>(
      'select name::regtype::text as name from unnest($1::text[]) as name',
      [known],
    );
    const read = oids.rows.map(({ name }) => name);
    const offered = source.description.columns.flatMap(({ feeds, keyType }, index) =>
      feeds.size > 0 || keyType !== undefined ? [rows[index]!.name] : [],
    );
    expect(rows.some(({ name }) => name === 'integer[]')).toBe(true);
    expect(offered.sort()).toEqual([...new Set(read)].sort());
  } finally {
    await source.close();
  }
});
