import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import { quoteIdentifier } from './connection.js';
import { keysAsText } from './duplicates.js';
import { sqlState } from './errors.js';
import type { ExistingColumn } from './inspect.js';
import { columnsOf, type LayoutColumn } from './layout.js';
import { type QualifiedName, sqlName } from './names.js';

const TOO_LONG = '22001';

/**
 * Runs an insert of staged rows into a table that predawn did not create. A text that a column is too short for
 * becomes kind `data`, code `postgres.value`, with the table, the column and the key of a row: the server names none.
 */
export async function namingMisfits<T>(
  client: pg.Client,
  target: QualifiedName,
  columns: readonly ExistingColumn[],
  layout: readonly LayoutColumn[],
  rows: QualifiedName,
  insert: () => Promise<T>,
): Promise<T> {
  await client.query('savepoint before_insert');
  try {
    return await insert();
  } catch (error) {
    if (sqlState(error) !== TOO_LONG) throw error;
    await client.query('rollback to savepoint before_insert');
    const limited = columns.filter(
      (column) => column.limited && layout.some(({ name }) => name === column.name),
    );
    for (const column of limited) {
      const key = await findMisfit(client, column, columnsOf(layout, 'key'), rows);
      if (key !== undefined) throw misfit(target, column, key);
    }
    throw error;
  }
}

/** The key of a row with a text that the column would cut; undefined where there is none. */
async function findMisfit(
  client: pg.Client,
  { name, shownType }: ExistingColumn,
  keys: readonly LayoutColumn[],
  rows: QualifiedName,
): Promise<string | undefined> {
  // A cast cuts what an insert refuses; both let trailing spaces go.
  const column = quoteIdentifier(name);
  const found = await client.query<{ key: string }>(
    `select ${keysAsText(keys)} as key from ${sqlName(rows)}
     where rtrim(${column}::text, ' ') <> rtrim(${column}::${shownType}::text, ' ') limit 1`,
  );
  return found.rows[0]?.key;
}

function misfit(target: QualifiedName, { name, shownType }: ExistingColumn, key: string): PredawnError {
  const table = sqlName(target);
  return new PredawnError(
    'data',
    'postgres.value',
    `${table} can't hold the row ${key}: the value for its column ${name} is too long for ${shownType}. Nothing was published.`,
    {
      hint: `Have its owner run: alter table ${table} alter column ${quoteIdentifier(name)} type text;`,
    },
  );
}
