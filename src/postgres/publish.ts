import type pg from 'pg';
import { combine, PredawnError } from '../domain/errors.js';
import type { Publishing, TargetTable } from '../domain/publication.js';
import { targetProblems } from './compatibility.js';
import { quoteIdentifier, quoteLiteral } from './connection.js';
import { type ExistingTable, hasPartition, inspect } from './inspect.js';
import { columnList, columnsOf, layoutLike, layoutOf, type LayoutColumn } from './layout.js';
import { lockKey } from './lock.js';
import { namingMisfits } from './misfits.js';
import { type QualifiedName, sqlName } from './names.js';
import { keepOutgoing } from './retention.js';
import { createTarget } from './rows-table.js';

/** A table of rows, and the slice that they are to become. */
export interface RowsToPublish {
  readonly target: TargetTable;
  readonly asOf: string;
  /** The attempt that the slice will be. */
  readonly attemptId: string;
  /** A table that `createRowsTable` made: as this attempt staged it, or as an earlier one's rows were kept. */
  readonly rows: QualifiedName;
  readonly expected: number;
  readonly retain: number;
}

type Changes = Publishing['changes'];

/**
 * Makes the rows of one table the slice, inside a transaction that the caller commits: by attaching the table as
 * a partition where the date has none, else by changing only the rows that differ. A table that predawn did not
 * create is published to by delete and insert. The rows that are replaced are kept for restore first.
 *
 * @throws PredawnError kind `configuration` where the target does not fit, `internal` where the count is wrong.
 */
export async function publishRows(client: pg.Client, rows: RowsToPublish): Promise<Changes> {
  const { target, asOf } = rows;
  const { name, existing } = await findOrCreateTarget(client, target);
  const layout = layoutLike(layoutOf(target), existing.columns);
  const ours = existing.createdFor !== undefined;
  const attach = ours && !(await hasPartition(client, existing.oid, asOf));
  if (!attach && rows.retain > 1) {
    await keepOutgoing(client, { job: target.job, asOf }, name, layout);
  }
  const changes = await (attach
    ? attachPartition(client, name, rows)
    : ours
      ? changeDifferences(client, name, layout, rows)
      : replaceAll(client, name, existing, layout, rows));
  await assertCount(client, name, rows);
  await client.query(
    `insert into predawn.slices (job, as_of, attempt_id) values ($1, $2::date, $3)
     on conflict (job, as_of) do update set attempt_id = excluded.attempt_id`,
    [target.job, asOf, rows.attemptId],
  );
  return changes;
}

async function findOrCreateTarget(
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

async function attachPartition(
  client: pg.Client,
  target: QualifiedName,
  rows: RowsToPublish,
): Promise<Changes> {
  const table = sqlName(rows.rows);
  await client.query(
    `alter table ${sqlName(target)} attach partition ${table} for values in (${quoteLiteral(rows.asOf)})`,
  );
  // Where it held an earlier attempt's rows, it is the slice itself now: nothing to drop or to restore from.
  await client.query('update predawn.attempts set rows_table = null where rows_table = $1', [table]);
  return { inserted: rows.expected, updated: 0, deleted: 0 };
}

async function changeDifferences(
  client: pg.Client,
  target: QualifiedName,
  layout: readonly LayoutColumn[],
  rows: RowsToPublish,
): Promise<Changes> {
  const live = `${sqlName(target)} as live`;
  const fresh = `${sqlName(rows.rows)} as fresh`;
  const slice = `live.as_of = date ${quoteLiteral(rows.asOf)}`;
  const sameKey = columnsOf(layout, 'key')
    .map(({ name }) => `live.${quoteIdentifier(name)} = fresh.${quoteIdentifier(name)}`)
    .join(' and ');
  const compared = columnsOf(layout, 'output', 'artefact');
  const assigned = columnsOf(layout, 'output', 'artefact', 'attempt_id', 'scored_at')
    .map(({ name }) => `${quoteIdentifier(name)} = fresh.${quoteIdentifier(name)}`)
    .join(', ');
  // Three joins of the whole slice: in memory, if that is not too much.
  await client.query(`select set_config('work_mem', '64MB', true)
    from pg_catalog.pg_settings where name = 'work_mem' and setting::bigint < 65536`);
  const deleted = await client.query(
    `delete from ${live} where ${slice} and not exists (select from ${fresh} where ${sameKey})`,
  );
  const updated = await client.query(
    `update ${live} set ${assigned} from ${fresh} where ${slice} and ${sameKey}
     and row(${columnList(compared, 'live.')}) is distinct from row(${columnList(compared, 'fresh.')})`,
  );
  const inserted = await client.query(
    `insert into ${sqlName(target)} (${columnList(layout)}) select ${columnList(layout, 'fresh.')} from ${fresh}
     where not exists (select from ${live} where ${slice} and ${sameKey})`,
  );
  await keepRows(client, rows);
  return { inserted: inserted.rowCount!, updated: updated.rowCount!, deleted: deleted.rowCount! };
}

async function replaceAll(
  client: pg.Client,
  target: QualifiedName,
  existing: ExistingTable,
  layout: readonly LayoutColumn[],
  rows: RowsToPublish,
): Promise<Changes> {
  const columns = columnList(layout);
  const deleted = await client.query(
    `delete from ${sqlName(target)} where as_of = date ${quoteLiteral(rows.asOf)}`,
  );
  const inserted = await namingMisfits(client, target, existing.columns, layout, rows.rows, () =>
    client.query(`insert into ${sqlName(target)} (${columns}) select ${columns} from ${sqlName(rows.rows)}`),
  );
  await keepRows(client, rows);
  return { inserted: inserted.rowCount!, updated: 0, deleted: deleted.rowCount! };
}

/** The table stays, as the rows of this attempt; unless they are an earlier attempt's, who keeps them. */
async function keepRows(client: pg.Client, rows: RowsToPublish): Promise<void> {
  await client.query(
    `update predawn.attempts set rows_table = $2
     where attempt_id = $1 and not exists (select from predawn.attempts where rows_table = $2)`,
    [rows.attemptId, sqlName(rows.rows)],
  );
}

/** How many rows a date has in a table. */
export async function countRows(client: pg.Client, table: QualifiedName, asOf: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `select count(*) from ${sqlName(table)} where as_of = date ${quoteLiteral(asOf)}`,
  );
  return Number(rows[0]!.count);
}

async function assertCount(client: pg.Client, target: QualifiedName, rows: RowsToPublish): Promise<void> {
  const count = await countRows(client, target, rows.asOf);
  if (count === rows.expected) return;
  throw new PredawnError(
    'internal',
    'publish.count',
    `${sqlName(target)} would hold ${count} rows of ${rows.asOf} instead of ${rows.expected}; nothing was published.`,
    {
      hint: 'Check the table for rules, triggers or row security that keep or add rows; otherwise report this.',
    },
  );
}
