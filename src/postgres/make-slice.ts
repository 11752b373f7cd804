import type pg from 'pg';
import { failpoint } from '../domain/failpoint.js';
import type { Publishing } from '../domain/publication.js';
import { changeFew } from './change-few.js';
import { changeMany } from './change-many.js';
import { quoteLiteral } from './connection.js';
import { requireCount } from './count-rows.js';
import { allowJoins, mostDiffer } from './differing.js';
import { type ExistingTable, findPartition, type Partition } from './inspect.js';
import { columnList, type LayoutColumn } from './layout.js';
import { namingMisfits } from './misfits.js';
import { type QualifiedName, rowsTableName, sqlName } from './names.js';
import { findOutgoing, keepWhole, type Outgoing, recordKept } from './outgoing.js';
import { type NewPublication, recordPublication } from './publications.js';
import { addKey, createRowsTable, type RowConstants } from './rows-table.js';

/** The predictions table. */
export interface Target {
  readonly name: QualifiedName;
  readonly existing: ExistingTable;
  /** Its columns, as far as rows have them, in its order. */
  readonly layout: readonly LayoutColumn[];
}

/** A table of rows, and the slice that they are to become. */
export interface NewSlice {
  readonly job: string;
  readonly asOf: string;
  /** The attempt that the slice will be. */
  readonly attemptId: string;
  /** A table that `createRowsTable` made, as this attempt staged it, or as its rows were kept. */
  readonly rows: QualifiedName;
  /** SQL to select them from, where that is not the table as it stands. */
  readonly source?: string;
  /** Whether the table holds all of them, and not only differences. */
  readonly whole: boolean;
  /**
   * For rows that were committed earlier: where they are copied to if the date has no partition. Attaching the table
   * itself would show the date empty, and then full, to a reader within one snapshot.
   */
  readonly copy?: { readonly name: QualifiedName; readonly constants: RowConstants };
  readonly expected: number;
  readonly retain: number;
  readonly move: NewPublication;
}

type Changes = Publishing['changes'];

/**
 * Makes the rows of one table the slice, inside a transaction that the caller commits: the one step of publishing,
 * of restoring, and of publishing what was staged. A date without a slice gets a partition; else only the rows that
 * differ are changed. A table that predawn did not create is published to by delete and insert. The rows that are
 * replaced are kept for restore: all of them, or where few differ, those.
 *
 * @throws PredawnError kind `internal` where the count is wrong.
 */
export async function makeSlice(client: pg.Client, target: Target, slice: NewSlice): Promise<Publishing> {
  const { existing } = target;
  const ours = existing.createdFor !== undefined;
  const partition = ours ? await findPartition(client, existing.oid, slice.asOf) : undefined;
  const changes = await (!ours
    ? replaceAll(client, target, slice)
    : partition === undefined
      ? attachPartition(client, target, slice)
      : change(client, target, slice, partition));
  return { changes, replaced: await recordPublication(client, slice) };
}

async function attachPartition(client: pg.Client, target: Target, slice: NewSlice): Promise<Changes> {
  const table = sqlName(slice.copy === undefined ? slice.rows : await copyRows(client, target, slice));
  await client.query(
    `alter table ${sqlName(target.name)} attach partition ${table} for values in (${quoteLiteral(slice.asOf)})`,
  );
  // Rows that were staged in this transaction were counted by the server as they came, and nobody else has seen them.
  if (slice.copy !== undefined) await requireCount(client, target.name, slice);
  // Where it held an earlier attempt's rows, it is the slice itself now: nothing to drop or to restore from.
  await client.query('update predawn.attempts set rows_table = null where rows_table = $1', [table]);
  return { inserted: slice.expected, updated: 0, deleted: 0 };
}

async function copyRows(
  client: pg.Client,
  { existing, layout }: Target,
  slice: NewSlice,
): Promise<QualifiedName> {
  const { name, constants } = slice.copy!;
  const columns = columnList(layout);
  await client.query(createRowsTable(name, layout, existing.checks, constants));
  await client.query(
    `insert into ${sqlName(name)} (${columns}) select ${columns} from ${sourceOf(slice)} as kept`,
  );
  await client.query(addKey(name, layout));
  await client.query(`analyze ${sqlName(name)}`);
  return name;
}

function sourceOf({ rows, source }: NewSlice): string {
  return source ?? sqlName(rows);
}

async function change(
  client: pg.Client,
  { name: target, layout }: Target,
  slice: NewSlice,
  partition: Partition,
): Promise<Changes> {
  const { asOf, expected, rows, whole } = slice;
  const outgoing = await outgoingToKeep(client, target, slice);
  const differing = { target, partition, layout, asOf, source: sourceOf(slice), expected };
  await allowJoins(client);
  const many = await mostDiffer(client, differing);
  const undoable = outgoing !== undefined && whole && !many;
  if (outgoing !== undefined && !undoable) await keepWhole(client, outgoing, target, layout, asOf);
  await failpoint('outgoing kept');
  let changes: Changes;
  if (many) changes = await changeMany(client, differing);
  else {
    const differences = undoable
      ? outgoing.kept
      : rowsTableName(target, 'retained', asOf, slice.move.requestId);
    changes = await changeFew(client, differing, differences);
    if (undoable) await recordKept(client, outgoing, rows);
    else await client.query(`drop table ${sqlName(differences)}`);
    await requireCount(client, target, slice);
  }
  await keepRows(client, slice);
  return changes;
}

async function outgoingToKeep(
  client: pg.Client,
  target: QualifiedName,
  slice: NewSlice,
): Promise<Outgoing | undefined> {
  return slice.retain > 1 ? findOutgoing(client, slice, target) : undefined;
}

async function replaceAll(
  client: pg.Client,
  { name: target, existing, layout }: Target,
  slice: NewSlice,
): Promise<Changes> {
  const outgoing = await outgoingToKeep(client, target, slice);
  if (outgoing !== undefined) await keepWhole(client, outgoing, target, layout, slice.asOf);
  const columns = columnList(layout);
  const deleted = await client.query(
    `delete from ${sqlName(target)} where as_of = date ${quoteLiteral(slice.asOf)}`,
  );
  const inserted = await namingMisfits(client, target, existing.columns, layout, slice.rows, () =>
    client.query(`insert into ${sqlName(target)} (${columns}) select ${columns} from ${sqlName(slice.rows)}`),
  );
  await requireCount(client, target, slice);
  await keepRows(client, slice);
  return { inserted: inserted.rowCount!, updated: 0, deleted: deleted.rowCount! };
}

/** The table stays, as the rows of this attempt; unless they are an earlier attempt's, who keeps them. */
async function keepRows(client: pg.Client, slice: NewSlice): Promise<void> {
  await client.query(
    `update predawn.attempts set rows_table = $2
     where attempt_id = $1 and not exists (select from predawn.attempts where rows_table = $2)`,
    [slice.attemptId, sqlName(slice.rows)],
  );
}
