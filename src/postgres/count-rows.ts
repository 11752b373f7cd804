import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
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

/** Throws kind `internal`, code `publish.count`, unless the date has as many rows in the predictions table as it should. */
export async function requireCount(
  client: pg.Client,
  target: QualifiedName,
  { asOf, expected }: { readonly asOf: string; readonly expected: number },
): Promise<void> {
  const count = await countRows(client, target, asOf);
  if (count === expected) return;
  throw new PredawnError(
    'internal',
    'publish.count',
    `${sqlName(target)} would hold ${count} rows of ${asOf} instead of ${expected}; nothing was published.`,
    {
      hint: 'Check the table for rules, triggers or row security that keep or add rows; otherwise report this.',
    },
  );
}
