import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { SqlFinding } from '../domain/publication.js';
import { sqlState } from './errors.js';
import { type QualifiedName, sqlName } from './names.js';

const SECONDS = 60;
const BOOLEAN = 16;

/**
 * `RowStage.select`: what a SELECT of the job file gives, in the transaction that has the staged rows and as its role, but
 * read-only, within a minute, and as one statement: it is a subquery of ours, in a savepoint that is rolled back.
 */
export async function selectStaged(
  session: pg.Client,
  rows: QualifiedName,
  { sql, name, limit }: { readonly sql: string; readonly name: string; readonly limit: number },
): Promise<SqlFinding> {
  // The line end is for a comment at its end.
  const checked = `(${sql.trim().replace(/;$/, '').replaceAll('{rows}', sqlName(rows))}\n) as checked`;
  // With values, even none, the server takes one statement alone.
  const query = <Row>(text: string) =>
    session.query<Row & pg.QueryResultRow>({ text, queryMode: 'extended' } as pg.QueryConfig);
  await session.query('savepoint before_check');
  try {
    await session.query(`set local transaction_read_only = on; set local statement_timeout = '${SECONDS}s'`);
    const { fields } = await query(`select * from ${checked} limit 0`);
    if (fields.length === 1 && fields[0]!.dataTypeID === BOOLEAN) {
      const found = await query<Record<string, boolean | null>>(`select * from ${checked} limit 2`);
      return { kind: 'boolean', holds: found.rows.length === 1 && found.rows[0]![fields[0]!.name] === true };
    }
    const counted = await query<{ count: number }>(`select count(*)::float8 as count from ${checked}`);
    const { count } = counted.rows[0]!;
    if (count === 0) return { kind: 'rows', count, first: [] };
    const first = await query<{ row: string }>(
      `select to_jsonb(checked)::text as "row" from ${checked} limit ${limit}`,
    );
    return { kind: 'rows', count, first: first.rows.map(({ row }) => row) };
  } catch (error) {
    const state = sqlState(error);
    if (state === undefined) throw error;
    throw refused(name, state, error as Error);
  } finally {
    await session
      .query('rollback to savepoint before_check; release savepoint before_check')
      .catch(() => undefined);
  }
}

function refused(name: string, state: string, cause: Error): PredawnError {
  // Of the others, the server's message may quote a row.
  const why =
    state === '57014'
      ? `it took longer than ${SECONDS} seconds`
      : state === '25006'
        ? 'it would change something, and may only read'
        : state.startsWith('42')
          ? cause.message
          : `the server could not compute it (SQLSTATE ${state})`;
  return new PredawnError('configuration', 'gate.sql', `gates.checks.${name}.sql: ${why}.`, {
    hint: 'It is one SELECT that reads {rows}, whose columns are those of the predictions table, and gives the rows that are wrong, or one boolean.',
    cause,
  });
}
