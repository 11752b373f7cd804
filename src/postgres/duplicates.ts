import type pg from 'pg';
import { quoteIdentifier } from './connection.js';
import { columnList, type LayoutColumn } from './layout.js';
import { type QualifiedName, sqlName } from './names.js';

/** Up to `limit` keys that occur more than once in a table, as people write them, columns joined by `, `. */
export async function findDuplicates(
  client: pg.Client,
  table: QualifiedName,
  keys: readonly LayoutColumn[],
  limit: number,
): Promise<readonly string[]> {
  const shown = keysAsText(keys);
  const { rows } = await client.query<{ key: string }>(
    `select ${shown} as key from ${sqlName(table)} group by ${columnList(keys)} having count(*) > 1 limit $1`,
    [limit],
  );
  return rows.map(({ key }) => key);
}

/** SQL of a row's key as people write it, each column with `prefix` before it. */
export function keysAsText(keys: readonly LayoutColumn[], prefix = ''): string {
  return keys.map((key) => keyAsText(key, prefix)).join(` || ', ' || `);
}

/** As the domain's `keyText` does. */
function keyAsText({ name, type }: LayoutColumn, prefix: string): string {
  const column = prefix + quoteIdentifier(name);
  if (type === 'timestamp') return `to_char(${column}, 'YYYY-MM-DD"T"HH24:MI:SS.US')`;
  if (type === 'timestamptz') return `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  return `${column}::text`;
}
