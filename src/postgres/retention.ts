import type pg from 'pg';
import { quoteLiteral } from './connection.js';
import { columnList, type LayoutColumn } from './layout.js';
import { rowsTableName, sqlName, type QualifiedName } from './names.js';
import { createRowsTable } from './rows-table.js';
import { transaction } from './transaction.js';

/** Someone may be looking at an old table: that must not hold up a run for long. */
const LOCK_SECONDS = 2;

/**
 * Copies the rows that are about to be replaced into a table of their own, unless the ledger knows one that has
 * them. Inside the transaction that publishes. `live` holds the columns of `layout`.
 */
export async function keepOutgoing(
  client: pg.Client,
  slice: { readonly job: string; readonly asOf: string },
  live: QualifiedName,
  layout: readonly LayoutColumn[],
): Promise<void> {
  const { rows } = await client.query<{ id: string; artefact: string; started: Date }>(
    `select attempt_id as id, a.artefact, a.started_at as started
     from predawn.slices s join predawn.attempts a using (attempt_id)
     where s.job = $1 and s.as_of = $2::date and a.target_table = $3 and a.rows_table is null`,
    [slice.job, slice.asOf, sqlName(live)],
  );
  const [outgoing] = rows;
  if (outgoing === undefined) return;
  const kept = rowsTableName(live, 'retained', slice.asOf, outgoing.id);
  const columns = columnList(layout);
  await client.query(
    createRowsTable(kept, layout, [], {
      asOf: slice.asOf,
      artefact: outgoing.artefact,
      attemptId: outgoing.id,
      scoredAt: outgoing.started.toISOString(),
    }),
  );
  await client.query(
    `insert into ${sqlName(kept)} (${columns})
     select ${columns} from ${sqlName(live)} where as_of = date ${quoteLiteral(slice.asOf)}`,
  );
  // Without statistics, a restore would take three times as long.
  await client.query(`analyze ${sqlName(kept)}`);
  await client.query('update predawn.attempts set rows_table = $2 where attempt_id = $1', [
    outgoing.id,
    sqlName(kept),
  ]);
}

/**
 * Drops the kept rows of a slice's published attempts beyond the last `retain`, by when they last were the slice; and
 * of its staged attempts beyond as many, one at least. A partition is never dropped. What can't be dropped now is
 * tried again after the next run of the date.
 */
export async function dropUnneeded(
  client: pg.Client,
  job: string,
  asOf: string,
  retain: number,
): Promise<void> {
  const { rows } = await client.query<{ id: string; name: string }>(
    `select attempt_id as id, rows_table as name from (
       select a.attempt_id, a.rows_table, a.status,
         row_number() over (partition by a.status order by p.number desc nulls last, a.attempt_id desc) as age
       from predawn.attempts a
       left join lateral (
         select max(publication_number) as number from predawn.publications where to_attempt = a.attempt_id
       ) p on true
       where a.job = $1 and a.as_of = $2::date and a.status in ('published', 'staged')
     ) kept
     -- The current rows are in the predictions table anyway.
     where rows_table is not null
       and case status when 'staged' then age > greatest($3, 1) else age > $3 or $3 <= 1 end`,
    [job, asOf, retain],
  );
  for (const { id, name } of rows) {
    await transaction(client, LOCK_SECONDS, () => dropRows(client, id, name)).catch(() => undefined);
  }
}

async function dropRows(client: pg.Client, attemptId: string, name: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select oid::regclass::text as name from pg_catalog.pg_class
     where oid = to_regclass($1) and relkind = 'r' and not relispartition`,
    [name],
  );
  if (rows[0] !== undefined) await client.query(`drop table ${rows[0].name}`);
  await client.query('update predawn.attempts set rows_table = null where attempt_id = $1', [attemptId]);
}
