import { createHash } from 'node:crypto';
import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';

/** The advisory lock of one job and data date, as a signed 64-bit number in decimal. */
export function lockKey(job: string, asOf: string): string {
  const digest = createHash('sha256').update(`predawn\0${job}\0${asOf}`).digest();
  return digest.readBigInt64BE().toString();
}

/**
 * Takes the lock for the life of the connection, without waiting. Throws kind `unavailable`, code `lock.held`,
 * naming the holder.
 */
export async function takeLock(client: pg.Client, job: string, asOf: string): Promise<void> {
  const key = lockKey(job, asOf);
  const { rows } = await client.query<{ taken: boolean }>(
    'select pg_try_advisory_lock($1::bigint) as taken',
    [key],
  );
  if (rows[0]?.taken === true) return;
  throw new PredawnError(
    'unavailable',
    'lock.held',
    `${job} for ${asOf} is being run already: ${await describeHolder(client, key, job, asOf)}.`,
    { hint: 'Wait for it to end, then run again if its date is still not published.' },
  );
}

/** Gives the lock back before the connection is closed: the server needs a moment to notice a closed one. */
export async function releaseLock(client: pg.Client, job: string, asOf: string): Promise<void> {
  await client.query('select pg_advisory_unlock($1::bigint)', [lockKey(job, asOf)]);
}

async function describeHolder(client: pg.Client, key: string, job: string, asOf: string): Promise<string> {
  const { rows } = await client.query<{
    pid: number;
    application: string | null;
    attempt: string | null;
    started: string | null;
  }>(
    `select l.pid, s.application_name as application, a.attempt_id as attempt,
       to_char(a.started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as started
     from pg_catalog.pg_locks l
     left join pg_catalog.pg_stat_activity s on s.pid = l.pid
     left join predawn.attempts a
       on a.job = $2 and a.as_of = $3::date and a.status = 'open' and a.backend_pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and l.database = (select oid from pg_catalog.pg_database where datname = current_database())
       and l.classid::bigint = (($1::bigint >> 32) & 4294967295)
       and l.objid::bigint = ($1::bigint & 4294967295)`,
    [key, job, asOf],
  );
  const holder = rows[0];
  if (holder === undefined) return 'by an attempt that has ended meanwhile';
  const process = `server process ${holder.pid}${holder.application ? ` (${holder.application})` : ''}`;
  return holder.attempt === null
    ? `by ${process}`
    : `by attempt ${holder.attempt}, started ${holder.started ?? ''}, ${process}`;
}
