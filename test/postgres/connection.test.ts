import { inspect } from 'node:util';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  connect,
  describeUrl,
  loginUrl,
  disconnect,
  quoteIdentifier,
  quoteLiteral,
} from '../../src/postgres/connection.js';
import { createDatabase, createRole, type TestDatabase, withParts } from '../helpers/postgres.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createDatabase();
});
afterAll(() => database.drop());

const options = { applicationName: 'predawn test' };

test('a connection names itself and leaves timeouts to the role unless told', async () => {
  const role = await createRole(database);
  const show = async (url: string, statementTimeout?: number): Promise<unknown> => {
    const client = await connect(url, { applicationName: 'predawn churn 2026-11-20', statementTimeout });
    const { rows } = await client.query<object>(
      `select current_user as role, current_setting('application_name') as name,
        current_setting('statement_timeout') as timeout, current_setting('search_path') as path`,
    );
    await disconnect(client);
    return rows[0];
  };
  const named = { role: role.name, name: 'predawn churn 2026-11-20' };
  expect(await show(`${role.url}?application_name=other&options=-c%20search_path%3Dcrm`)).toEqual({
    ...named,
    timeout: '0',
    path: 'crm',
  });
  const scheme = role.url.replace('postgres://', 'postgresql://');
  expect(await show(scheme, 5000)).toEqual({ ...named, timeout: '5s', path: '"$user", public' });
  await role.drop();
});

test('an idle connection that the server ends does no harm; the next query rejects', async () => {
  const client = await connect(database.url, options);
  const ended = new Promise<void>((resolve) => client.once('end', () => resolve()));
  await database.client.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'predawn test'",
  );
  await ended;
  await expect(client.query('select 1')).rejects.toThrow();
  await disconnect(client);
});

describe('what cannot be connected to', () => {
  test('is told by its kind', async () => {
    await expect(connect(withParts(database.url, { user: 'nobody_here' }), options)).rejects.toMatchObject({
      kind: 'configuration',
      // A server that asks for passwords does not say whether the role exists.
      code: inject('asksForPasswords') ? 'postgres.password' : 'postgres.role',
    });
    await expect(connect(withParts(database.url, { database: 'nowhere' }), options)).rejects.toMatchObject({
      kind: 'configuration',
      code: 'postgres.database',
    });
    await expect(connect(withParts(database.url, { port: 1 }), options)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'postgres.unreachable',
    });
    await expect(connect('postgres://user:pw@host.invalid/db', options)).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await expect(connect(`${database.url}?options=-c%20no_such_setting%3D1`, options)).rejects.toMatchObject({
      kind: 'configuration',
    });
    await expect(connect(`${database.url}?sslrootcert=/no/such/file`, options)).rejects.toMatchObject({
      kind: 'configuration',
      code: 'postgres.url',
    });
  });

  test('is waited for no longer than the time given', async () => {
    const { server, url } = await silentServer();
    await expect(connect(url, { ...options, connectTimeout: 50 })).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'postgres.unreachable',
    });
    server.close();
  });

  test('is waited for until the signal aborts', async () => {
    const { server, url, connected } = await silentServer();
    const controller = new AbortController();
    const reason = new Error('stopped by a signal');
    const outcome = expect(connect(url, { ...options, signal: controller.signal })).rejects.toBe(reason);
    await connected;
    controller.abort(reason);
    await outcome;
    await expect(connect(url, { ...options, signal: controller.signal })).rejects.toBe(reason);
    server.close();
  });
});

/** Takes connections and never says a word. */
async function silentServer(): Promise<{ server: Server; url: string; connected: Promise<void> }> {
  const server = createServer();
  const connected = new Promise<void>((resolve) => {
    server.on('connection', (socket) => {
      socket.on('error', () => undefined).resume();
      resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, url: `postgres://user@127.0.0.1:${port}/db`, connected };
}

describe('a URL', () => {
  test.each([
    [
      'postgres://alice:s3cret@db.example:6543/shop?sslmode=require&password=s3cret',
      'postgres://db.example:6543/shop',
    ],
    ['postgresql://alice@db.example/shop', 'postgres://db.example:5432/shop'],
    ['postgres:///shop', 'postgres://localhost:5432/shop'],
    [
      'postgres://s3cret@/shop?host=/var/run/postgresql&port=5433',
      'postgres:///var/run/postgresql:5433/shop',
    ],
    ['postgres://[::1]/shop', 'postgres://[::1]:5432/shop'],
    ['postgres://alice:s%40cr%2Fet@db/shop', 'postgres://db:5432/shop'],
  ])('%s is shown as %s', (url, shown) => {
    expect(describeUrl(url)).toBe(shown);
  });

  test.each([
    'postgres://alice:s3cret/word@db/shop',
    'postgres://alice:12/s3cret@db/shop',
    'postgres://alice:12?s3cret@db/shop',
    'postgres://alice:12#s3cret@db/shop',
    'postgres://alice:s3cret#1@db/shop',
    'postgres://alice:s3cret@db:port/shop',
    'postgres://alice:12#s3cret',
    'mysql://alice:s3cret@db/shop',
    'alice:s3cret@db',
    's3cret',
    '',
  ])('%s is refused without a word of it', async (url) => {
    const error = await connect(url, options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'configuration', code: 'postgres.url' });
    expect(inspect(error, { depth: 9 })).not.toContain('s3cret');
  });
});

test.skipIf(!inject('asksForPasswords'))('a wrong password is in no part of the error', async () => {
  const error = await connect(withParts(database.url, { password: 'hunter2' }), options).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ kind: 'configuration', code: 'postgres.password' });
  expect(inspect(error, { depth: 9, showHidden: true })).not.toContain('hunter2');
});

test('names and texts are quoted so that the server reads them back', async () => {
  const odd = `it's "odd" \\ ; --`;
  const { rows } = await database.client.query<Record<string, string>>(
    `select ${quoteLiteral(odd)} as ${quoteIdentifier(odd)}`,
  );
  expect(rows).toEqual([{ [odd]: odd }]);
});

test('the URL for a person to type has the user and no password', () => {
  expect(loginUrl('postgres://scoring:hunter2@db.example.org/warehouse')).toBe(
    'postgres://scoring@db.example.org:5432/warehouse',
  );
  expect(loginUrl('postgres://db.example.org/warehouse')).toBe('postgres://db.example.org:5432/warehouse');
});
