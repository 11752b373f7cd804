import type pg from 'pg';
import { transaction } from './transaction.js';

/** Someone may be looking at an old table: that must not hold up a run for long. */
const LOCK_SECONDS = 2;

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
  const { rows } = await client.query<{ id: string; name: string; differences: boolean }>(
    `select attempt_id as id, rows_table as name, rows_base is not null as differences from (
       select a.attempt_id, a.rows_table, a.rows_base, a.status,
         row_number() over (partition by a.status order by p.number desc nulls last, a.attempt_id desc) as age
       from predawn.attempts a
       left join lateral (
         select max(publication_number) as number from predawn.publications where to_attempt = a.attempt_id
       ) p on true
       where a.job = $1 and a.as_of = $2::date and a.status in ('published', 'staged')
     ) kept
     -- The current rows are in the predictions table anyway.
     where rows_table is not null
       and case status when 'staged' then age > greatest($3, 1) else age > $3 or $3 <= 1 end
       and not exists (select from predawn.attempts other where other.job = $1 and other.as_of = $2::date
                       and other.rows_base = kept.rows_table)`,
    [job, asOf, retain],
  );
  let freed = false;
  for (const { id, name, differences } of rows) {
    const dropped = transaction(client, LOCK_SECONDS, () => dropRows(client, id, name));
    freed ||= await dropped.then(
      () => differences,
      () => false,
    );
  }
  // What they were the differences from may be needed no longer.
  if (freed) await dropUnneeded(client, job, asOf, retain);
}

async function dropRows(client: pg.Client, attemptId: string, name: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `select oid::regclass::text as name from pg_catalog.pg_class
     where oid = to_regclass($1) and relkind = 'r' and not relispartition`,
    [name],
  );
  if (rows[0] !== undefined) await client.query(`drop table ${rows[0].name}`);
  await client.query(
    'update predawn.attempts set rows_table = null, rows_base = null where attempt_id = $1',
    [attemptId],
  );
}
