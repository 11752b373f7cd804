import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { PredawnError } from '../../src/domain/errors.js';
import { sqlState, translate } from '../../src/postgres/errors.js';

const context = { location: 'postgres://db:5432/shop', doing: 'reading the query of job churn' };

function fromServer(
  code: string,
  message = 'what the server says',
  more: Partial<pg.DatabaseError> = {},
): Error {
  const error = new pg.DatabaseError(message, message.length, 'error');
  return Object.assign(error, { code, severity: 'ERROR', ...more });
}

function fromNode(code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.0.0.1:5432`), { code });
}

describe('what the server sends', () => {
  test.each([
    ['08006', 'unavailable', 'postgres.connection_lost'],
    ['57P01', 'unavailable', 'postgres.connection_lost'],
    ['57P03', 'unavailable', 'postgres.connection_lost'],
    ['57014', 'unavailable', 'postgres.cancelled'],
    ['53100', 'unavailable', 'postgres.disk_full'],
    ['53200', 'unavailable', 'postgres.resources'],
    ['53300', 'unavailable', 'postgres.too_many_connections'],
    ['55P03', 'unavailable', 'postgres.lock_timeout'],
    ['40001', 'unavailable', 'postgres.conflict'],
    ['40P01', 'unavailable', 'postgres.conflict'],
    ['58030', 'unavailable', 'postgres.server'],
    ['28P01', 'configuration', 'postgres.password'],
    ['28000', 'configuration', 'postgres.role'],
    ['3D000', 'configuration', 'postgres.database'],
    ['3F000', 'configuration', 'postgres.schema'],
    ['42501', 'configuration', 'postgres.permission'],
    ['42P01', 'configuration', 'postgres.table'],
    ['42703', 'configuration', 'postgres.column'],
    ['42601', 'configuration', 'postgres.syntax'],
    ['42883', 'configuration', 'postgres.query'],
    ['0A000', 'configuration', 'postgres.query'],
    ['22023', 'configuration', 'postgres.parameter'],
    ['25006', 'configuration', 'postgres.read_only'],
    ['22P02', 'data', 'postgres.value'],
    ['22012', 'data', 'postgres.value'],
    ['23505', 'data', 'postgres.constraint'],
    ['P0001', 'data', 'postgres.raised'],
    ['25P02', 'internal', 'postgres.unexpected'],
  ])('%s is %s, %s', (code, kind, name) => {
    const error = translate(fromServer(code), context);
    expect(error).toMatchObject({ kind, code: name });
    expect(error.message).toMatch(
      /^postgres:\/\/db:5432\/shop: .+ \(while reading the query of job churn\)$/,
    );
    if (kind !== 'internal') expect(error.hint).toBeTruthy();
  });

  test.each(['22P02', '22007', '23505', 'P0001'])('%s keeps values of rows to itself', (code) => {
    const thrown = fromServer(code, 'bad value "alice@example.org"', {
      detail: 'Key (email)=(alice@example.org) already exists.',
      table: 'customers',
      constraint: 'customers_email_key',
    });
    const error = translate(thrown, context);
    expect(error.message).toContain(`SQLSTATE ${code} table customers constraint customers_email_key`);
    expect(JSON.stringify([error.message, error.hint, error.cause ?? null])).not.toContain('alice');
  });

  test.each([
    ['permission denied for table customers', 'select on customers'],
    ['permission denied for view customers', 'select on customers'],
    ['permission denied for schema crm', 'usage on schema crm'],
    ['permission denied for database shop', 'create on database shop'],
    ['permission denied for function score', 'execute on function score'],
    ['permission denied for sequence ids', 'usage on sequence ids'],
  ])('"%s" names the grant', (message, grant) => {
    expect(translate(fromServer('42501', message), context).hint).toBe(
      `Have its owner run: grant ${grant} to <the role in the URL>;`,
    );
  });

  test('the privileges of a grant are those that the context needs', () => {
    const { hint } = translate(fromServer('42501', 'permission denied for table scores'), {
      ...context,
      privileges: 'insert, delete',
    });
    expect(hint).toContain('grant insert, delete on scores to');
    expect(translate(fromServer('42501', 'keine Berechtigung'), context).hint).toBeTruthy();
  });

  test('a position becomes a line of the statement that a person wrote', () => {
    const statement = { name: 'the query', text: 'wrapped (\nselect 😀,\nnam', linesBefore: 1 };
    const at = (position: string): string =>
      translate(fromServer('42703', 'no column', { position }), { ...context, statement }).message;
    expect(at('11')).toContain('no column, line 1 of the query');
    expect(at('20')).toContain('no column, line 1 of the query');
    expect(at('21')).toContain('no column, line 2 of the query');
    expect(at('3')).not.toContain(' of the query (');
  });

  test('has its SQLSTATE, and nothing else does', () => {
    expect(sqlState(fromServer('42P01'))).toBe('42P01');
    expect(sqlState(fromNode('ECONNREFUSED'))).toBeUndefined();
    expect(sqlState('42P01')).toBeUndefined();
  });
});

describe('what the connection says', () => {
  test.each([
    [fromNode('ECONNREFUSED'), 'unavailable', 'postgres.unreachable'],
    [fromNode('ENOTFOUND'), 'unavailable', 'postgres.unreachable'],
    [fromNode('EAI_AGAIN'), 'unavailable', 'postgres.unreachable'],
    [fromNode('ETIMEDOUT'), 'unavailable', 'postgres.unreachable'],
    [fromNode('ECONNRESET'), 'unavailable', 'postgres.connection_lost'],
    [fromNode('EPIPE'), 'unavailable', 'postgres.connection_lost'],
    [new Error('Connection terminated unexpectedly'), 'unavailable', 'postgres.connection_lost'],
    [
      new Error('Client has encountered a connection error and is not queryable'),
      'unavailable',
      'postgres.connection_lost',
    ],
    [new Error('timeout expired'), 'unavailable', 'postgres.unreachable'],
    [new Error('The server does not support SSL connections'), 'configuration', 'postgres.tls'],
    [fromNode('SELF_SIGNED_CERT_IN_CHAIN'), 'configuration', 'postgres.tls'],
    [fromNode('UNABLE_TO_VERIFY_LEAF_SIGNATURE'), 'configuration', 'postgres.tls'],
    [
      new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string'),
      'configuration',
      'postgres.password',
    ],
    [new TypeError('x is not a function'), 'internal', 'postgres.unexpected'],
    ['thrown text', 'internal', 'postgres.unexpected'],
  ])('%s', (thrown, kind, code) => {
    expect(translate(thrown, context)).toMatchObject({ kind, code });
  });

  test('of every address of a host is told', () => {
    const thrown = Object.assign(new AggregateError([fromNode('ECONNREFUSED'), new Error('second')]), {
      code: 'ECONNREFUSED',
    });
    expect(translate(thrown, context).message).toContain('connect ECONNREFUSED 10.0.0.1:5432; second');
  });
});

test('an error of ours passes through as it is', () => {
  const error = new PredawnError('input', 'query.empty', 'empty');
  expect(translate(error, context)).toBe(error);
});
