import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { AttemptStatus, Receipt } from '../domain/receipt.js';
import type { SliceHistory } from '../domain/slice-move.js';
import { quoteIdentifier } from './connection.js';
import { columnsOfTable, keyOfTable } from './inspect.js';
import type { LayoutColumn } from './layout.js';
import type { Target } from './make-slice.js';
import { parseTableName, type QualifiedName, sqlName } from './names.js';
import { readMoves } from './publications.js';

/** An attempt that ended with a receipt, and where its rows are. */
export interface KeptAttempt {
  /** Quoted for SQL. */
  readonly target: string;
  readonly receipt: Receipt;
  /** The table that keeps its rows apart; undefined where there is none. */
  readonly rows: QualifiedName | undefined;
}

/** Everything that happened to a slice, for `chooseAttempt`. */
export async function readHistory(client: pg.Client, job: string, asOf: string): Promise<SliceHistory> {
  const { rows } = await client.query<{
    id: string;
    artefact: string;
    status: AttemptStatus;
    started: Date;
    kept: boolean;
    current: boolean;
  }>(
    `select a.attempt_id as id, a.artefact, a.status, a.started_at as started,
       to_regclass(a.rows_table) is not null as kept, s.attempt_id is not null as current
     from predawn.attempts a left join predawn.slices s using (attempt_id)
     where a.job = $1 and a.as_of = $2::date order by a.started_at, a.attempt_id`,
    [job, asOf],
  );
  return {
    attempts: rows.map(({ id, artefact, status, started, kept }) => ({
      attemptId: id,
      artefact,
      status,
      startedAt: started.toISOString(),
      rowsKept: kept,
    })),
    moves: await readMoves(client, job, asOf),
    current: rows.find(({ current }) => current)?.id,
  };
}

export async function readKept(client: pg.Client, attemptId: string): Promise<KeptAttempt> {
  const { rows } = await client.query<{ target: string; receipt: Receipt; kept: string | null }>(
    `select target_table as target, receipt,
       case when to_regclass(rows_table) is not null then rows_table end as kept
     from predawn.attempts where attempt_id = $1 for update`,
    [attemptId],
  );
  const { target, receipt, kept } = rows[0]!;
  return { target, receipt, rows: kept === null ? undefined : qualified(kept) };
}

/** Kept rows as the predictions table takes them. */
export interface KeptRows {
  /** The columns of the predictions table, with what each is for; of one not ours, those that the rows have. */
  readonly layout: readonly LayoutColumn[];
  /** SQL to select the rows from: NULL in columns that the table was given since. */
  readonly source: string;
}

/**
 * How kept rows fit the predictions table: the job file may have changed since, and is not needed. Throws kind `configuration`, code `rows.columns`, where the table has changed so that it
 * can't take the rows.
 */
export async function fitKept(
  client: pg.Client,
  { name, existing }: Omit<Target, 'layout'>,
  rows: QualifiedName,
): Promise<KeptRows> {
  const table = await client.query<{ oid: number }>('select to_regclass($1)::oid as oid', [sqlName(rows)]);
  const { oid } = table.rows[0]!;
  const kept = await columnsOfTable(client, oid);
  const ours = existing.createdFor !== undefined;
  const key = ours ? existing.primaryKey : await keyOfTable(client, oid);
  const there = new Map(existing.columns.map((column) => [column.name, column]));
  const misfits = [
    ...kept.filter((column) => {
      const found = there.get(column.name);
      if (found === undefined) return ours || !(column.name in CONSTANTS);
      return ours && found.type !== column.type;
    }),
    ...existing.columns.filter(
      (column) => column.notNull && (ours || !column.filled) && !kept.some((one) => one.name === column.name),
    ),
  ];
  if (misfits.length > 0) {
    const columns = [...new Set(misfits.map((column) => column.name))].join(', ');
    throw new PredawnError(
      'configuration',
      'rows.columns',
      `${sqlName(name)} has changed since the rows in ${sqlName(rows)} were published: ${columns}.`,
      { hint: 'Bring the columns back, with the types they had, or have the date scored again.' },
    );
  }
  const layout = existing.columns
    .filter((column) => ours || kept.some((one) => one.name === column.name))
    .map(({ name: column, type, notNull }) => ({
      name: column,
      type: type as LayoutColumn['type'],
      role: CONSTANTS[column] ?? (key.includes(column) ? 'key' : 'output'),
      notNull,
      comment: '',
    }));
  const selected = layout.map(({ name: column, type }) => {
    const quoted = quoteIdentifier(column);
    return kept.some((one) => one.name === column) ? quoted : `null::${type} as ${quoted}`;
  });
  return { layout, source: `(select ${selected.join(', ')} from ${sqlName(rows)})` };
}

/** Columns that every predictions table has, and no key or output is called. */
const CONSTANTS: Readonly<Record<string, LayoutColumn['role']>> = {
  as_of: 'as_of',
  artefact: 'artefact',
  attempt_id: 'attempt_id',
  scored_at: 'scored_at',
};

function qualified(quoted: string): QualifiedName {
  const { schema, table } = parseTableName(quoted);
  return { schema: schema!, table };
}
