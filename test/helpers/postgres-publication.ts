import type pg from 'pg';
import type { Reject } from '../../src/domain/columns.js';
import type { Attempt, Publication, Stage, StagedOutput, TargetTable } from '../../src/domain/publication.js';
import type { Receipt } from '../../src/domain/receipt.js';
import { makePostgresEncoder } from '../../src/postgres/encoder.js';
import { layoutOf, columnsOf } from '../../src/postgres/layout.js';
import { writtenName } from '../../src/postgres/names.js';
import { quoteIdentifier } from '../../src/postgres/connection.js';
import { newReceipt } from '../contracts/attempts.js';
import { scoredRows, type SliceRow, type TestRows, type Value } from '../contracts/scored-rows.js';

/** What a reader of the predictions table sees of a slice. */
export async function readSlice(client: pg.Client, target: TargetTable, asOf: string): Promise<SliceRow[]> {
  const table = writtenName(target.table);
  const { rows: there } = await client.query<{ there: boolean }>(
    'select to_regclass($1) is not null as there',
    [table],
  );
  if (there[0]?.there !== true) return [];
  const layout = layoutOf(target);
  const keys = columnsOf(layout, 'key').map(({ name, type }) => {
    const column = quoteIdentifier(name);
    const format = 'YYYY-MM-DD"T"HH24:MI:SS.US';
    if (type === 'timestamp') return `to_char(${column}, '${format}')`;
    if (type === 'timestamptz') return `to_char(${column} at time zone 'UTC', '${format}"Z"')`;
    return `${column}::text`;
  });
  const outputs = columnsOf(layout, 'output');
  const selected = [...keys, ...outputs.map(({ name }) => quoteIdentifier(name)), 'artefact', 'attempt_id'];
  const { rows } = await client.query<unknown[]>({
    text: `select ${selected.join(', ')} from ${table} where as_of = $1`,
    values: [asOf],
    rowMode: 'array',
  });
  return rows.map((row) => ({
    key: row.slice(0, keys.length) as string[],
    outputs: outputs.map(({ type }, index) => toValue(type, row[keys.length + index])),
    artefact: row[row.length - 2] as string,
    attemptId: row[row.length - 1] as string,
  }));
}

export async function readRejects(client: pg.Client, attemptId: string): Promise<Reject[]> {
  const { rows } = await client.query<Reject>(
    `select line::integer, column_name as column, code, raw from predawn.rejects where attempt_id = $1 order by line`,
    [attemptId],
  );
  return rows.map((row) => ({ ...row, column: row.column ?? undefined }));
}

function toValue(type: string, value: unknown): Value {
  if (type === 'int8') return BigInt(value as string);
  return type === 'float4' ? Math.fround(value as number) : (value as Value);
}

const never = new AbortController().signal;

/** Stages rows in two blocks and finishes the stage. */
export async function stageRows(stage: Stage, attempt: Attempt, rows: TestRows): Promise<StagedOutput> {
  const encoder = await makePostgresEncoder({ kind: 'postgres' });
  const count = rows.keys[0]!.length;
  const half = Math.ceil(count / 2);
  for (const [from, to] of [
    [0, half],
    [half, count],
  ] as const) {
    const scored = scoredRows(attempt.target, rows, from, to);
    await stage.append({ payload: encoder.encode(scored), rows: scored.rows, keyHashes: undefined });
  }
  return stage.finish();
}

/** A whole attempt; `beforePublishing` runs when all rows are staged. */
export async function publishRows(
  publication: Publication,
  attempt: Attempt,
  rows: TestRows,
  beforePublishing: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Receipt> {
  return publication.withAttempt(attempt, never, async (stage) => {
    const output = await stageRows(stage, attempt, rows);
    await beforePublishing();
    return stage.publish(({ changes }) => newReceipt(attempt, output, changes));
  });
}

/** Rows of the churn table, `count` of them from key `first` on, all with one score. */
export function churnRows(count: number, score: number, first = 0): TestRows {
  const keys = Array.from({ length: count }, (_, row) => `C-${first + row}`);
  return { keys: [keys], outputs: [keys.map(() => score), keys.map(() => (score < 0.5 ? 'No' : 'Yes'))] };
}

/** Names of the tables in a schema that match, sorted. */
export async function tableNames(client: pg.Client, pattern: string, schema = 'public'): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select tablename as name from pg_catalog.pg_tables where schemaname = $1 and tablename like $2 order by 1`,
    [schema, pattern],
  );
  return rows.map(({ name }) => name);
}
