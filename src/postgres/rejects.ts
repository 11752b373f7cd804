import type pg from 'pg';
import type { Reject } from '../domain/columns.js';

/** Keeps rejected rows, in a transaction of their own: they stay whatever becomes of the attempt. */
export async function keepRejects(
  client: pg.Client,
  attemptId: string,
  rejects: readonly Reject[],
): Promise<void> {
  await client.query(
    `insert into predawn.rejects (attempt_id, line, column_name, code, raw)
     select $1, * from unnest($2::bigint[], $3::text[], $4::text[], $5::text[])`,
    [
      attemptId,
      rejects.map(({ line }) => line),
      rejects.map(({ column }) => column ?? null),
      rejects.map(({ code }) => code),
      rejects.map(({ raw }) => raw.replaceAll('\0', '\u2400')),
    ],
  );
}

const AT_ONCE = 1000;

/** Reads them back in input order, some at a time, from one snapshot; the connection is taken until the last. */
export async function* readRejects(client: pg.Client, attemptId: string): AsyncGenerator<readonly Reject[]> {
  await client.query('begin isolation level repeatable read read only');
  try {
    await client.query({
      // Lines are bigint, which the driver gives as text; no file has more than a double can count.
      text: `declare rejected no scroll cursor for
        select line::float8 as line, column_name as "column", code, raw from predawn.rejects
        where attempt_id = $1 order by predawn.rejects.line`,
      values: [attemptId],
    });
    for (;;) {
      const { rows } = await client.query<Omit<Reject, 'column'> & { readonly column: string | null }>(
        `fetch ${AT_ONCE} from rejected`,
      );
      if (rows.length > 0) yield rows.map((row) => ({ ...row, column: row.column ?? undefined }));
      if (rows.length < AT_ONCE) return;
    }
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

export function rejectsLocation(attemptId: string): string {
  return `predawn.rejects where attempt_id = '${attemptId}'`;
}
