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

export function rejectsLocation(attemptId: string): string {
  return `predawn.rejects where attempt_id = '${attemptId}'`;
}
