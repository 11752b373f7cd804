import type pg from 'pg';
import type { OffendingRow } from '../domain/offending.js';

/** Keeps rows that gates object to, in a transaction of their own: they stay whatever becomes of the attempt. */
export async function keepOffending(
  client: pg.Client,
  attemptId: string,
  rows: readonly OffendingRow[],
): Promise<void> {
  const text = (value: string) => value.replaceAll('\0', '\u2400');
  await client.query(
    `insert into predawn.offending_rows (attempt_id, row_number, gate, subject, row_key, row_text)
     select $1, * from unnest($2::integer[], $3::text[], $4::text[], $5::text[], $6::text[])
     on conflict do nothing`,
    [
      attemptId,
      rows.map((_, index) => index),
      rows.map(({ gate }) => gate),
      rows.map(({ subject }) => subject),
      rows.map(({ key }) => text(key)),
      rows.map(({ row }) => text(row)),
    ],
  );
}

export async function readOffending(client: pg.Client, attemptId: string): Promise<readonly OffendingRow[]> {
  const { rows } = await client.query<OffendingRow>(
    `select gate, subject, row_key as key, row_text as "row" from predawn.offending_rows
     where attempt_id = $1 order by row_number`,
    [attemptId],
  );
  return rows;
}
