import type pg from 'pg';
import { quoteLiteral } from './connection.js';
import { columnList, type LayoutColumn } from './layout.js';
import { rowsTableName, sqlName, type QualifiedName } from './names.js';

/** The attempt that is about to be replaced, where nothing but the predictions table has its rows. */
export interface Outgoing {
  readonly attemptId: string;
  /** The table that is to keep them. */
  readonly kept: QualifiedName;
}

/** Inside the transaction that publishes. Undefined where there is no slice, or its rows are kept already. */
export async function findOutgoing(
  client: pg.Client,
  slice: { readonly job: string; readonly asOf: string },
  live: QualifiedName,
): Promise<Outgoing | undefined> {
  const { rows } = await client.query<{ id: string }>(
    `select attempt_id as id from predawn.slices s join predawn.attempts a using (attempt_id)
     where s.job = $1 and s.as_of = $2::date and a.target_table = $3 and a.rows_table is null`,
    [slice.job, slice.asOf, sqlName(live)],
  );
  if (rows[0] === undefined) return undefined;
  const attemptId = rows[0].id;
  return { attemptId, kept: rowsTableName(live, 'retained', slice.asOf, attemptId) };
}

/** Copies all its rows. `live` holds the columns of `layout`. */
export async function keepWhole(
  client: pg.Client,
  outgoing: Outgoing,
  live: QualifiedName,
  layout: readonly LayoutColumn[],
  asOf: string,
): Promise<void> {
  await client.query(
    `create table ${sqlName(outgoing.kept)} as
     select ${columnList(layout)} from ${sqlName(live)} where as_of = date ${quoteLiteral(asOf)}`,
  );
  // Without statistics, a restore would take three times as long.
  await client.query(`analyze ${sqlName(outgoing.kept)}`);
  await recordKept(client, outgoing, undefined);
}

/** `base` holds the rows that `outgoing.kept` has only the differences from; undefined where it has them all. */
export async function recordKept(
  client: pg.Client,
  { attemptId, kept }: Outgoing,
  base: QualifiedName | undefined,
): Promise<void> {
  await client.query('update predawn.attempts set rows_table = $2, rows_base = $3 where attempt_id = $1', [
    attemptId,
    sqlName(kept),
    base === undefined ? null : sqlName(base),
  ]);
}
