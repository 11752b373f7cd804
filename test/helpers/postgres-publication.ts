import type pg from 'pg';
import type { Reject } from '../../src/domain/columns.js';
import type { TargetTable } from '../../src/domain/publication.js';
import { layoutOf, columnsOf } from '../../src/postgres/layout.js';
import { writtenName } from '../../src/postgres/names.js';
import { quoteIdentifier } from '../../src/postgres/connection.js';
import type { SliceRow, Value } from '../contracts/scored-rows.js';

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
