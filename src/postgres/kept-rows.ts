import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { AttemptStatus, Receipt } from '../domain/receipt.js';
import type { SliceHistory } from '../domain/slice-move.js';
import { CHANGE } from './change-few.js';
import { quoteIdentifier, quoteLiteral } from './connection.js';
import { sameKey } from './differing.js';
import { columnsOfTable, keyOfTable } from './inspect.js';
import { columnList, type LayoutColumn } from './layout.js';
import type { Target } from './make-slice.js';
import { parseTableName, type QualifiedName, sqlName } from './names.js';
import { readMoves } from './publications.js';

/** An attempt that ended with a receipt, and where its rows are. */
export interface KeptAttempt {
  /** Quoted for SQL. */
  readonly target: string;
  readonly receipt: Receipt;
  /** What keeps its rows apart; undefined where nothing does. */
  readonly rows: KeptTable | undefined;
}

export interface KeptTable {
  readonly name: QualifiedName;
  /** The table with the rows of a later attempt, where `name` has the differences from them only: see `changeFew`. */
  readonly base: QualifiedName | undefined;
}

const IS_KEPT =
  'to_regclass(a.rows_table) is not null and (a.rows_base is null or to_regclass(a.rows_base) is not null)';

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
       ${IS_KEPT} as kept, s.attempt_id is not null as current
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
  const { rows } = await client.query<{
    target: string;
    receipt: Receipt;
    name: string | null;
    base: string | null;
  }>(
    `select target_table as target, receipt, case when ${IS_KEPT} then rows_table end as name, rows_base as base
     from predawn.attempts a where attempt_id = $1 for update`,
    [attemptId],
  );
  const { target, receipt, name, base } = rows[0]!;
  const kept =
    name === null ? undefined : { name: qualified(name), base: base === null ? undefined : qualified(base) };
  return { target, receipt, rows: kept };
}

/** Kept rows as the predictions table takes them. */
export interface KeptRows {
  /** The columns of the predictions table, with what each is for; of one not ours, those that the rows have. */
  readonly layout: readonly LayoutColumn[];
  /** SQL to select the rows from: NULL in columns that the table was given since. */
  readonly source: string;
}

/**
 * How kept rows fit the predictions table: the job file may have changed since, and is not needed. `attempt` is whose
 * they are.
 *
 * @throws PredawnError kind `configuration`, code `rows.columns`, where the table has changed so that it can't take them.
 */
export async function fitKept(
  client: pg.Client,
  { name, existing }: Omit<Target, 'layout'>,
  rows: KeptTable,
  attempt: { readonly attemptId: string; readonly startedAt: string },
): Promise<KeptRows> {
  const table = await client.query<{ oid: number }>('select to_regclass($1)::oid as oid', [
    sqlName(rows.base ?? rows.name),
  ]);
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
      `${sqlName(name)} has changed since the rows in ${sqlName(rows.name)} were published: ${columns}.`,
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
  const from =
    rows.base === undefined
      ? sqlName(rows.name)
      : undoing(
          rows.name,
          rows.base,
          layout.filter(({ name: column }) => kept.some((one) => one.name === column)),
          attempt,
        );
  return { layout, source: `(select ${selected.join(', ')} from ${from})` };
}

/** SQL to select an attempt's rows: those of the next attempt that it did not change, and those that it did, as they were. */
function undoing(
  differences: QualifiedName,
  base: QualifiedName,
  columns: readonly LayoutColumn[],
  { attemptId, startedAt }: { readonly attemptId: string; readonly startedAt: string },
): string {
  const unchanged = columns.map(({ name, role }) => {
    if (role === 'attempt_id') return `${quoteLiteral(attemptId)}::uuid`;
    return role === 'scored_at' ? `${quoteLiteral(startedAt)}::timestamptz` : `base.${quoteIdentifier(name)}`;
  });
  return `(select ${unchanged.join(', ')} from ${sqlName(base)} as base
      where not exists (select from ${sqlName(differences)} as change where ${sameKey(columns, 'base', 'change')})
    union all
    select ${columnList(columns)} from ${sqlName(differences)} where ${CHANGE} <> 'inserted') as kept (${columnList(columns)})`;
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
