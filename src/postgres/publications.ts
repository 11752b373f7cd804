import type pg from 'pg';
import type { MoveAction, SliceMove } from '../domain/slice-move.js';

/** What a publication's line in the history says beside the attempts. */
export interface NewPublication {
  /** The attempt that publishes itself, or the id of the command's request. */
  readonly requestId: string;
  readonly action: MoveAction;
  readonly by: string;
  readonly reason: string | undefined;
}

interface Made {
  readonly job: string;
  readonly asOf: string;
  readonly attemptId: string;
  readonly move: NewPublication;
}

/** Makes the slice an attempt's in the ledger, with a line in its history. Returns whose it was before. */
export async function recordPublication(
  client: pg.Client,
  { job, asOf, attemptId, move }: Made,
): Promise<string | undefined> {
  const before = await client.query<{ id: string }>(
    'select attempt_id as id from predawn.slices where job = $1 and as_of = $2::date for update',
    [job, asOf],
  );
  const replaced = before.rows[0]?.id;
  await client.query(
    `insert into predawn.slices (job, as_of, attempt_id) values ($1, $2::date, $3)
     on conflict (job, as_of) do update set attempt_id = excluded.attempt_id`,
    [job, asOf, attemptId],
  );
  await client.query(
    `insert into predawn.publications (request_id, job, as_of, action, from_attempt, to_attempt, by, reason)
     values ($1, $2, $3::date, $4, $5, $6, $7, $8)`,
    [move.requestId, job, asOf, move.action, replaced ?? null, attemptId, move.by, move.reason ?? null],
  );
  return replaced;
}

/** SQL of an attempt's moves as JSON, oldest first, where `attempt` is the alias of predawn.attempts. */
export const MOVES_OF_ATTEMPT = `(
  select coalesce(json_agg(${moveObject('p')} order by p.publication_number), '[]')
  from predawn.publications p where p.to_attempt = attempt.attempt_id)`;

function moveObject(alias: string): string {
  return `json_build_object('action', ${alias}.action, 'from', ${alias}.from_attempt, 'to', ${alias}.to_attempt,
    'by', ${alias}.by, 'reason', ${alias}.reason,
    'at', to_char(${alias}.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;
}

/** A move as the SQL above gives it. */
export interface MoveRow {
  readonly action: MoveAction;
  readonly from: string | null;
  readonly to: string;
  readonly by: string;
  readonly reason: string | null;
  readonly at: string;
}

export function toMove(row: MoveRow): SliceMove {
  return { ...row, from: row.from ?? undefined, reason: row.reason ?? undefined };
}

/** The moves of a slice, oldest first. */
export async function readMoves(client: pg.Client, job: string, asOf: string): Promise<readonly SliceMove[]> {
  const { rows } = await client.query<{ move: MoveRow }>(
    `select ${moveObject('p')} as move from predawn.publications p
     where p.job = $1 and p.as_of = $2::date order by p.publication_number`,
    [job, asOf],
  );
  return rows.map(({ move }) => toMove(move));
}
