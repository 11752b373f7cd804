import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import { quoteIdentifier, quoteLiteral } from './connection.js';
import type { LayoutColumn } from './layout.js';
import { type QualifiedName, sqlName } from './names.js';

/** Enough to find the row by. */
const SHOWN_CHARACTERS = 20;

/**
 * The error for rows whose key is too long for an index: kind `data`, with the column, the length and the beginning
 * of the longest value.
 */
export async function longestKey(
  client: pg.Client,
  table: QualifiedName,
  keys: readonly LayoutColumn[],
): Promise<PredawnError> {
  const lengths = keys.map(({ name }) => {
    const value = `${quoteIdentifier(name)}::text`;
    return `(select ${quoteLiteral(name)} as name, octet_length(${value}) as bytes, left(${value}, ${SHOWN_CHARACTERS}) as start
      from ${sqlName(table)} order by 2 desc limit 1)`;
  });
  const { rows } = await client.query<{ name: string; bytes: number; start: string }>(
    `select * from (${lengths.join(' union all ')}) as longest order by bytes desc limit 1`,
  );
  const { name, bytes, start } = rows[0]!;
  return new PredawnError(
    'data',
    'keys.too_long',
    `A value of the key column ${name} is ${bytes} bytes long, too long for the index of a primary key; it begins with ${JSON.stringify(start)}.`,
    { hint: 'Correct the value in the input, or choose other columns for key in the job file.' },
  );
}
