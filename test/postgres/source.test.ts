import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Source } from '../../src/domain/source.js';
import { createDatabase, createRole, type TestDatabase, withParts } from '../helpers/postgres.js';
import { decodeQuery, openQuery } from '../helpers/postgres-query.js';
import { startProxy, throughProxy } from '../helpers/proxy.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
  await database.client.query(`
    create table customers (id int4 primary key, name text not null, as_of date not null);
    insert into customers select g, 'customer ' || g, date '2026-11-20' + g % 2 from generate_series(1, 1000) g;
    create function write_row() returns int language plpgsql as
      $$ begin insert into customers values (-1, 'x', now()); return 1; end $$`);
});
afterAll(() => database.drop());

const never = new AbortController().signal;

async function using<T>(query: string, work: (source: Source) => Promise<T>): Promise<T> {
  const source = await openQuery(database.url, query);
  try {
    return await work(source);
  } finally {
    await source.close();
  }
}

async function readAll(source: Source, signal: AbortSignal = never): Promise<Buffer> {
  const blocks: Uint8Array[] = [];
  for await (const { bytes } of source.blocks(signal)) blocks.push(bytes);
  return Buffer.concat(blocks);
}

function failing(query: string): Promise<unknown> {
  return using(query, readAll).then(
    () => 'read to its end',
    (error: unknown) => error,
  );
}

/** Waits until no connection of a job's source is left on the server. */
async function connectionsGone(): Promise<void> {
  for (;;) {
    const { rowCount } = await database.client.query(
      "select from pg_stat_activity where datname = current_database() and application_name = 'predawn churn 2026-11-20'",
    );
    if (rowCount === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('what it says of a query', () => {
  test('is names, types and uses of its columns, before a row is read', async () => {
    await database.client.query("create type mood as enum ('good'); create domain age as int2");
    const query = `select 1::int2 as a, 2::int4 as b, 3::int8 as c, 4::float4 as d, 5::float8 as e, 6::numeric(9, 2) as f, true as g,
      'x'::text as h, 'x'::varchar(9) as i, 'x'::char(3) as j, 'x'::"char" as k, gen_random_uuid() as l, date '2026-11-20' as m,
      now()::timestamp as n, now() as o, 'good'::mood as p, 7::age as q, '{}'::jsonb as r, interval '1 day' as s, array[1] as t,
      'untyped' as u`;
    await using(query, async ({ description, location, linesBefore, expectedBytes }) => {
      const all = 'float32 float64 int64 int32';
      expect(
        description.columns.map(
          (c) => `${c.name}: ${c.typeName} | ${[...c.feeds].join(' ')} | ${c.keyType ?? 'no key'}`,
        ),
      ).toEqual([
        `a: smallint | ${all} string | int2`,
        `b: integer | ${all} string | int4`,
        `c: bigint | ${all} string | int8`,
        `d: real | ${all} | no key`,
        `e: double precision | ${all} | no key`,
        `f: numeric(9,2) | ${all} | no key`,
        `g: boolean | bool ${all} | no key`,
        'h: text | string | text',
        'i: character varying(9) | string | text',
        'j: character(3) | string | text',
        'k: "char" | string | text',
        'l: uuid | string | uuid',
        'm: date |  | date',
        'n: timestamp without time zone |  | timestamp',
        'o: timestamp with time zone |  | timestamptz',
        'p: mood | string | text',
        `q: smallint | ${all} string | int2`,
        'r: jsonb |  | no key',
        's: interval |  | no key',
        't: integer[] |  | no key',
        'u: text | string | text',
      ]);
      expect([location, linesBefore, expectedBytes]).toEqual([locationOf(database), 0, undefined]);
    });
  });

  test('is how much the planner guesses it to give', async () => {
    for (const [rows, bytes] of [
      [1, 8],
      [5000, 40_000],
    ] as const) {
      await using(`select id, id as x from generate_series(1, ${rows}) as id;`, async (source) => {
        expect(await source.estimateBytes()).toBe(bytes);
      });
    }
  });

  test('needs columns that can be told apart', async () => {
    expect(await failing('select 1 as id, 2 as x, 3 as id')).toMatchObject({
      kind: 'configuration',
      code: 'query.columns',
      message: 'The input query gives more than one column id',
    });
    expect(await failing('select from customers')).toMatchObject({
      kind: 'configuration',
      code: 'query.columns',
    });
  });
});

function locationOf({ url }: TestDatabase): string {
  const { hostname, port, pathname } = new URL(url);
  return `postgres://${hostname}:${port}${pathname}`;
}

describe('reading', () => {
  test('gives the rows of the data date, in the order of the query', async () => {
    const { keys } = await decodeQuery(
      database.url,
      'select id from customers where as_of = :date order by id desc; -- all',
      { keys: ['id'], blockBytes: 100 },
    );
    expect(keys).toEqual(Array.from({ length: 500 }, (_, index) => String(1000 - 2 * index)));
  });

  test('places the window as instants', async () => {
    const { keys } = await decodeQuery(database.url, 'select :from as f, :to as t', { keys: ['f', 't'] });
    expect(keys).toEqual(['2026-11-20T00:00:00.000000Z, 2026-11-21T00:00:00.000000Z']);
  });

  test('has a fingerprint of the bytes that were read', async () => {
    await using('select * from customers order by id', async (source) => {
      const bytes = await readAll(source);
      expect(await source.summary()).toEqual({
        fingerprint: `sha256:${createHash('sha256').update(bytes).digest('hex')}`,
        bytes: bytes.length,
        warnings: [],
      });
      expect(await source.fingerprint(never)).toBeUndefined();
    });
  });

  test('numbers blocks of about the size asked for, each with a buffer of its own', async () => {
    const source = await openQuery(database.url, 'select * from customers', { blockBytes: 1000 });
    const blocks = [];
    for await (const block of source.blocks(never)) blocks.push(block);
    await source.close();
    expect(blocks.map(({ sequence }) => sequence)).toEqual(blocks.map((_, index) => index));
    expect(new Set(blocks.map(({ bytes }) => bytes.buffer)).size).toBe(blocks.length);
    for (const { bytes } of blocks.slice(0, -1)) expect(bytes.length).toBeLessThan(1100);
  });

  test('of no rows gives no blocks', async () => {
    await using('select * from customers where false', async (source) => {
      expect(await readAll(source)).toHaveLength(0);
      expect((await source.summary()).bytes).toBe(0);
    });
  });

  test('sees the rows as they were when it was opened', async () => {
    const source = await openQuery(database.url, 'select * from customers');
    const before = await using('select * from customers', readAll);
    await database.client.query("insert into customers values (0, 'late', '2026-11-20')");
    const during = await readAll(source);
    await source.close();
    await database.client.query('delete from customers where id = 0');
    expect(during).toEqual(before);
  });

  test('a row of several megabytes passes whole', async () => {
    const { values } = await decodeQuery(
      database.url,
      "select repeat('é', 3000000) as v, 1 as id union all select 'x', 2",
      {
        features: [{ column: 'v', type: 'string' }],
        blockBytes: 1000,
      },
    );
    expect(values['v string']).toEqual(['é'.repeat(3_000_000), 'x']);
  });

  test('is at its end only when the server has said how many rows there were', async () => {
    const proxy = await startProxy(database.url);
    const messages = ['COPY 1000\0', 'Z', 'COMMIT\0', 'Z'].map((text) => 5 + text.length);
    const afterRows = messages.reduce((sum, bytes) => sum + bytes);
    const read = async (byte: number) => {
      const source = await openQuery(
        throughProxy(database.url, proxy),
        'select * from customers order by id',
      );
      try {
        const delayed = proxy.armHarm({ direction: 'to the client', byte, what: 'delay' });
        await readAll(source);
        if (byte < Infinity) await delayed;
        return proxy.passed['to the client'];
      } finally {
        await source.close();
      }
    };
    try {
      const whole = await read(Infinity);
      expect(await read(whole - afterRows)).toBe(whole);
    } finally {
      await proxy.close();
    }
  });

  test('a summary before the end is a bug', async () => {
    await using('select * from customers', async (source) => {
      await expect(source.summary()).rejects.toThrow(TypeError);
    });
  });

  test('leaves no transaction open behind it, even before it is closed', async () => {
    await using('select * from customers', async (source) => {
      await readAll(source);
      const { rows } = await database.client.query<{ state: string }>(
        "select state from pg_stat_activity where application_name = 'predawn churn 2026-11-20' and datname = current_database()",
      );
      expect(rows).toEqual([{ state: 'idle' }]);
    });
    await connectionsGone();
  });
});

describe('queries that are refused', () => {
  test.each([
    ['select * from customer', 'configuration', 'postgres.table', ', line 1 of the query'],
    ['select id,\n  nam\nfrom customers', 'configuration', 'postgres.column', ', line 2 of the query'],
    ['select id from customers were id = 1', 'configuration', 'postgres.syntax', ', line 1 of the query'],
    ['select write_row() as id', 'configuration', 'postgres.read_only', 'INSERT in a read-only transaction'],
    ["select nextval('s') as id", 'configuration', 'postgres.table', 's'],
    [
      "with x as (insert into customers values (1, 'x', now()) returning *) select * from x",
      'configuration',
      'postgres.query',
      'WITH',
    ],
    ['select * into other from customers', 'configuration', 'postgres.syntax', 'INTO'],
    ['select 1 / (id - 500) as x from customers order by id', 'data', 'postgres.value', 'division by zero'],
    ['select 1 as x; select 2', 'configuration', 'query.statements', ''],
  ])('%s', async (query, kind, code, text) => {
    const error = await failing(query);
    expect(error).toMatchObject({ kind, code });
    expect((error as Error).message).toContain(text);
    expect((error as Error).message).not.toContain(`:${new URL(database.url).password}@`);
    await connectionsGone();
    expect((await database.client.query('select from customers')).rowCount).toBe(1000);
  });

  test('a value that cannot be converted is not shown', async () => {
    const error = (await failing('select name::int as x from customers')) as Error;
    expect(error).toMatchObject({ kind: 'data', code: 'postgres.value' });
    expect(error.cause).toBeUndefined();
    expect(error.message).toContain('cannot be converted');
    expect(error.message).not.toContain('customer 1');
  });

  test('a table that the role may not read, with the grant that would help', async () => {
    const role = await createRole(database);
    await expect(openQuery(role.url, 'select * from customers')).rejects.toMatchObject({
      kind: 'configuration',
      code: 'postgres.permission',
      hint: 'Have its owner run: grant select on customers to <the role in the URL>;',
    });
    await role.drop();
  });
});

describe('a connection that ends', () => {
  test('while rows come is unavailable, and the input is not taken for whole', async () => {
    const source = await openQuery(
      database.url,
      'select g as id, repeat(md5(g::text), 30) as t from generate_series(1, 1000000) g',
    );
    const reading = (async () => {
      for await (const { sequence } of source.blocks(never)) {
        if (sequence > 0) continue;
        await database.client.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'predawn churn 2026-11-20' and datname = current_database()",
        );
      }
    })();
    await expect(reading).rejects.toMatchObject({ kind: 'unavailable', code: 'postgres.connection_lost' });
    await expect(source.summary()).rejects.toThrow(TypeError);
    await source.close();
  });

  test('before the first row is unavailable', async () => {
    const source = await openQuery(database.url, 'select * from customers');
    await database.client.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'predawn churn 2026-11-20' and datname = current_database()",
    );
    await connectionsGone();
    await expect(readAll(source)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'postgres.connection_lost',
    });
    await source.close();
  });
});

describe('an abort', () => {
  const reason = new Error('stopped by a signal');

  test('while the server still computes ends the wait, and the query on the server', async () => {
    const source = await openQuery(database.url, 'select pg_sleep(600)::text as x, 1 as id');
    const controller = new AbortController();
    const reading = readAll(source, controller.signal);
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await source.close();
    await connectionsGone();
  });

  test('between blocks ends the reading', async () => {
    const source = await openQuery(database.url, 'select g as id from generate_series(1, 3000000) g');
    const controller = new AbortController();
    const reading = (async () => {
      for await (const block of source.blocks(controller.signal))
        if (block.sequence === 1) controller.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
    await source.close();
    await connectionsGone();
  });

  test('before or during opening is thrown as it is', async () => {
    await expect(
      openQuery(database.url, 'select 1 as id', { signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    const controller = new AbortController();
    // A lock that another session holds keeps the description waiting.
    await database.client.query('begin; lock table customers in access exclusive mode');
    const opening = openQuery(database.url, 'select * from customers', { signal: controller.signal });
    const outcome = expect(opening).rejects.toBe(reason);
    await waitingFor('customers');
    controller.abort(reason);
    await outcome;
    await database.client.query('rollback');
    await connectionsGone();
  });

  /** Waits until a session of ours waits for the lock of a table. */
  async function waitingFor(table: string): Promise<void> {
    for (;;) {
      const { rowCount } = await database.client.query(
        'select from pg_locks where relation = $1::regclass and not granted',
        [table],
      );
      if (rowCount !== 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});

test('a reader that stops early leaves nothing behind', async () => {
  const source = await openQuery(database.url, 'select g as id from generate_series(1, 3000000) g');
  for await (const { bytes } of source.blocks(never)) {
    expect(bytes.length).toBeGreaterThan(0);
    break;
  }
  await source.close();
  await connectionsGone();
});

test.skipIf(!inject('asksForPasswords'))('a wrong password', async () => {
  const wrong = withParts(database.url, { password: 'hunter2' });
  const error = (await openQuery(wrong, 'select 1 as id').catch((thrown: unknown) => thrown)) as Error;
  expect(error).toMatchObject({ kind: 'configuration', code: 'postgres.password' });
  expect(JSON.stringify([error.message, error.stack, error])).not.toContain('hunter2');
});

test('an unknown database and a port where nobody listens', async () => {
  await expect(
    openQuery(withParts(database.url, { database: 'nowhere' }), 'select 1 as id'),
  ).rejects.toMatchObject({
    kind: 'configuration',
    code: 'postgres.database',
  });
  await expect(openQuery(withParts(database.url, { port: 1 }), 'select 1 as id')).rejects.toMatchObject({
    kind: 'unavailable',
    code: 'postgres.unreachable',
  });
});
