import type pg from 'pg';
import { combine } from '../domain/errors.js';
import type { Publishing, TargetTable } from '../domain/publication.js';
import { targetProblems } from './compatibility.js';
import { type ExistingTable, inspect } from './inspect.js';
import { layoutLike, layoutOf } from './layout.js';
import { lockKey } from './lock.js';
import { makeSlice, type NewSlice } from './make-slice.js';
import { type QualifiedName, sqlName } from './names.js';
import { createTarget } from './rows-table.js';

/**
 * Makes rows that were staged in this transaction the slice; creates the predictions table where it is not there.
 *
 * @throws PredawnError kind `configuration` where the target does not fit, and what `makeSlice` throws.
 */
export async function publishRows(
  client: pg.Client,
  target: TargetTable,
  slice: NewSlice,
): Promise<Publishing> {
  const { name, existing } = await findOrCreateTarget(client, target);
  const layout = layoutLike(layoutOf(target), existing.columns);
  return makeSlice(client, { name, existing, layout }, slice);
}

/** The predictions table of a job. Throws kind `configuration` where what is there does not fit. */
export async function findOrCreateTarget(
  client: pg.Client,
  target: TargetTable,
): Promise<{ readonly name: QualifiedName; readonly existing: ExistingTable }> {
  let found = await inspect(client, target.table, true);
  if (found.existing === undefined) {
    // The first runs of two dates may both come here.
    await client.query('select pg_advisory_xact_lock($1::bigint)', [lockKey(sqlName(found.name), 'table')]);
    found = await inspect(client, target.table, true);
    if (found.existing === undefined) {
      await client.query(createTarget(found.name, layoutOf(target), target.description));
      await client.query(
        `insert into predawn.tables (schema_name, table_name, job) values ($1, $2, $3)
         on conflict (schema_name, table_name) do update set job = excluded.job, created_at = now()`,
        [found.name.schema, found.name.table, target.job],
      );
      found = await inspect(client, target.table, true);
    }
  }
  const problems = targetProblems(target, found);
  if (problems.length > 0) throw combine(problems, `${target.job} can't publish to ${target.table}.`);
  return { name: found.name, existing: found.existing! };
}
