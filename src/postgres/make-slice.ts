import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { Publishing } from '../domain/publication.js';
import { changeDifferences } from './change-differences.js';
import { quoteLiteral } from './connection.js';
import { type ExistingTable, hasPartition } from './inspect.js';
import { columnList, type LayoutColumn } from './layout.js';
import { namingMisfits } from './misfits.js';
import { type QualifiedName, sqlName } from './names.js';
import { type NewPublication, recordPublication } from './publications.js';
import { keepOutgoing } from './retention.js';
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
  /** A table that `createRowsTable` made: as this attempt staged it, or as its rows were kept. */
  readonly rows: QualifiedName;
  /** SQL to select them from, where that is not the table as it stands. */
  readonly source?: string;
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
 * replaced are kept for restore first.
 *
 * @throws PredawnError kind `internal` where the count is wrong.
 */
export async function makeSlice(client: pg.Client, target: Target, slice: NewSlice): Promise<Publishing> {
  const { name, existing, layout } = target;
  const { job, asOf } = slice;
  const ours = existing.createdFor !== undefined;
  const attach = ours && !(await hasPartition(client, existing.oid, asOf));
  if (!attach && slice.retain > 1) await keepOutgoing(client, { job, asOf }, name, layout);
  const changes = await (attach
    ? attachPartition(client, target, slice)
    : ours
      ? change(client, target, slice)
      : replaceAll(client, target, slice));
  await assertCount(client, name, slice);
  return { changes, replaced: await recordPublication(client, slice) };
}

async function attachPartition(client: pg.Client, target: Target, slice: NewSlice): Promise<Changes> {
  const table = sqlName(slice.copy === undefined ? slice.rows : await copyRows(client, target, slice));
  await client.query(
    `alter table ${sqlName(target.name)} attach partition ${table} for values in (${quoteLiteral(slice.asOf)})`,
  );
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

async function change(client: pg.Client, target: Target, slice: NewSlice): Promise<Changes> {
  const changes = await changeDifferences(client, {
    target: target.name,
    layout: target.layout,
    asOf: slice.asOf,
    source: sourceOf(slice),
    expected: slice.expected,
  });
  await keepRows(client, slice);
  return changes;
}

async function replaceAll(
  client: pg.Client,
  { name: target, existing, layout }: Target,
  slice: NewSlice,
): Promise<Changes> {
  const columns = columnList(layout);
  const deleted = await client.query(
    `delete from ${sqlName(target)} where as_of = date ${quoteLiteral(slice.asOf)}`,
  );
  const inserted = await namingMisfits(client, target, existing.columns, layout, slice.rows, () =>
    client.query(`insert into ${sqlName(target)} (${columns}) select ${columns} from ${sqlName(slice.rows)}`),
  );
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

/** How many rows a date has in a table. */
export async function countRows(client: pg.Client, table: QualifiedName, asOf: string): Promise<number> {
  const { rows } = await client.query<{ count: string }>(
    `select count(*) from ${sqlName(table)} where as_of = date ${quoteLiteral(asOf)}`,
  );
  return Number(rows[0]!.count);
}

async function assertCount(client: pg.Client, target: QualifiedName, slice: NewSlice): Promise<void> {
  const count = await countRows(client, target, slice.asOf);
  if (count === slice.expected) return;
  throw new PredawnError(
    'internal',
    'publish.count',
    `${sqlName(target)} would hold ${count} rows of ${slice.asOf} instead of ${slice.expected}; nothing was published.`,
    {
      hint: 'Check the table for rules, triggers or row security that keep or add rows; otherwise report this.',
    },
  );
}
