import type pg from 'pg';
import { quoteLiteral } from './connection.js';
import { type QualifiedName, sqlName } from './names.js';

/** How many rows a date has in a table, or in what other SQL there is to select from. */
export async function countRows(
  client: pg.Client,
  from: QualifiedName | string,
  asOf: string,
): Promise<number> {
  const source = typeof from === 'string' ? from : sqlName(from);
  const { rows } = await client.query<{ count: string }>(
    `select count(*) from ${source} as counted where as_of = date ${quoteLiteral(asOf)}`,
  );
  return Number(rows[0]!.count);
}
