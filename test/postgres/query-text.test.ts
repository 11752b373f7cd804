import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { placeParameters } from '../../src/postgres/query-text.js';
import { createDatabase, type TestDatabase } from '../helpers/postgres.js';

const parameters = { date: '2026-11-20', from: '2026-11-20T00:00:00.000Z', to: '2026-11-21T00:00:00.500Z' };
const DATE = "DATE '2026-11-20'";
const FROM = "TIMESTAMPTZ '2026-11-20T00:00:00Z'";
const TO = "TIMESTAMPTZ '2026-11-21T00:00:00.500Z'";

function place(query: string): string {
  return placeParameters(query, parameters);
}

function codeOf(query: string): string {
  try {
    place(query);
  } catch (error) {
    return `${(error as { kind: string }).kind} ${(error as { code: string }).code}`;
  }
  return 'accepted';
}

describe('parameters', () => {
  test.each([
    ['select * from c where d = :date', `select * from c where d = ${DATE}`],
    ['WITH a AS (SELECT 1) SELECT :date, a.* FROM a;', `WITH a AS (SELECT 1) SELECT ${DATE}, a.* FROM a`],
    [
      'select * from c where at >= :from and at<:to ; -- :date',
      `select * from c where at >= ${FROM} and at<${TO}  -- :date`,
    ],
    ['select :date::text, now()::date', `select ${DATE}::text, now()::date`],
    ["select ':date', 'it''s :date', \":date\", E'\\':date', $$:date$$, $a$ $$:date $a$", undefined],
    ['select 1 /* :date /* nested */ :from */ -- :to', undefined],
    ['select v[1:to], v[:to], m[1:2][:to] from t', undefined],
    [
      'select v[f(:date)], array[:from, :to], array[[:from], [:to]]',
      `select v[f(${DATE})], array[${FROM}, ${TO}], array[[${FROM}], [${TO}]]`,
    ],
    ['select (array[:from])[1:date]', `select (array[${FROM}])[1:date]`],
    ["select 1e':date'", undefined],
    ["select 'x\\', :date", `select 'x\\', ${DATE}`],
    ["select date':date'", undefined],
    ['select a$b$:date from t', `select a$b$ ${DATE} from t`],
  ])('%s', (query, expected) => {
    expect(place(query)).toBe(expected ?? query);
  });

  test('an unknown one is refused with what was probably meant', () => {
    expect(() => place('select :dat')).toThrow(
      expect.objectContaining({
        kind: 'configuration',
        code: 'query.parameter',
        hint: 'Did you mean ":date"?',
      }),
    );
    expect(codeOf('select $1::int')).toBe('configuration query.parameter');
    expect(codeOf('select v[$1] from t')).toBe('configuration query.parameter');
    expect(codeOf('select :DATE')).toBe('configuration query.parameter');
    expect(codeOf('select :dates')).toBe('configuration query.parameter');
  });

  test.each(["2026-11-20'; drop table x; --", '2026-13-01', '20 November', ''])(
    'the value %j is not placed',
    (date) => {
      expect(() => placeParameters('select :date', { ...parameters, date })).toThrow(
        expect.objectContaining({ kind: 'internal', code: 'query.value' }),
      );
      expect(() => placeParameters('select 1', { ...parameters, from: date })).toThrow(
        expect.objectContaining({ kind: 'internal', code: 'query.value' }),
      );
    },
  );
});

describe('what is not one SELECT', () => {
  test.each([
    ['', 'query.empty'],
    [' -- nothing\n /* at all */ ; ', 'query.empty'],
    ['select 1; select 2', 'query.statements'],
    ['select 1; drop table x', 'query.statements'],
    ['select 1;/**/;x', 'query.statements'],
    ['select (1; select 2)', 'query.brackets'],
    ['insert into x values (1)', 'query.not_select'],
    ['copy x to stdout', 'query.not_select'],
    ['selected', 'query.not_select'],
    ['"select" 1', 'query.not_select'],
    [':date', 'query.not_select'],
    ['select (1', 'query.brackets'],
    ['select 1)', 'query.brackets'],
    ['select 1) as q; drop table x; --', 'query.brackets'],
    ['select array[1)', 'query.brackets'],
    ['select (1]', 'query.brackets'],
    ["select 'a", 'query.unterminated'],
    ["select E'a\\'", 'query.unterminated'],
    ['select "a', 'query.unterminated'],
    ['select $x$ $$', 'query.unterminated'],
    ['select 1 /* /* */', 'query.unterminated'],
    ['select \0 1', 'query.nul'],
  ])('%j is refused', (query, code) => {
    expect(codeOf(query)).toBe(`configuration ${code}`);
  });

  test('a semicolon in a text or comment is no second statement', () => {
    expect(place("select ';' /* ; */ -- ;")).toBe("select ';' /* ; */ -- ;");
  });
});

const secret = fc.stringMatching(/^[a-z:;()[\]' "\\$*/\n-]{0,12}$/);

/** SQL that reads as one value, with the text that the server shows for it. */
const quotedText = secret.chain((text) =>
  fc.constantFrom(
    { sql: `'${text.replaceAll("'", "''")}'`, text },
    { sql: `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`, text },
    // In a capital, which no text has: a text that ends like the tag begins would close it early.
    { sql: `$Q$${text}$Q$`, text },
  ),
);
const comment = secret.map((text) => `/* ${text.replaceAll('/', '').replaceAll('*', '')} /* :date; */ */`);
const lineComment = secret.map((text) => `-- :date ${text.replaceAll('\n', '')}\n`);
const separator = fc.oneof(fc.constantFrom(' ', '\n', '\t'), comment, lineComment);

describe('against the server', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());

  test('whatever stands in quotes and comments, the server sees the quoted texts unchanged and the dates in place', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(quotedText, separator), { minLength: 1, maxLength: 5 }),
        async (parts) => {
          const query = `select ${parts.map(([part, space]) => `${space}${part.sql}${space},:date::text${space}`).join(',')};`;
          const { rows } = await database.client.query<string[]>({ text: place(query), rowMode: 'array' });
          expect(rows).toEqual([parts.flatMap(([part]) => [part.text, '2026-11-20'])]);
        },
      ),
      { numRuns: 200 },
    );
  });
});
