import type pg from 'pg';
import type { AttemptStatus } from '../domain/receipt.js';
import type { ShardedAttempt, ShardManifest, ShardPlan } from '../domain/shards.js';
import { installedVersion } from './migrations.js';
import { transaction } from './transaction.js';

/** Somebody may still be copying into the table: that must not hold up a run for long. */
const LOCK_SECONDS = 2;

/** The version of the schema that has shards. */
export const WITH_SHARDS = 6;

/** An attempt in shards, by its id. An older schema has none. */
export async function findSharded(client: pg.Client, attemptId: string): Promise<ShardedAttempt | undefined> {
  if ((await installedVersion(client)) < WITH_SHARDS) return undefined;
  return readSharded(client, 'attempt_id = $1', [attemptId]);
}

/** The attempt in shards of a date that is open. */
export function findOpen(client: pg.Client, job: string, asOf: string): Promise<ShardedAttempt | undefined> {
  return readSharded(client, `job = $1 and as_of = $2::date and status = 'open'`, [job, asOf]);
}

async function readSharded(
  client: pg.Client,
  where: string,
  values: readonly string[],
): Promise<ShardedAttempt | undefined> {
  const { rows } = await client.query<{ plan: ShardPlan; status: AttemptStatus; manifests: ShardManifest[] }>(
    `select shard_plan as plan, status, (
       select coalesce(json_agg(s.manifest order by s.shard), '[]') from predawn.shards s
       where s.attempt_id = a.attempt_id) as manifests
     from predawn.attempts a where shard_plan is not null and ${where}`,
    [...values],
  );
  return rows[0];
}

/** SQL of an attempt's shards as JSON, where `attempt` is the alias of predawn.attempts; null for one in one piece. */
export const SHARDS_OF_ATTEMPT = `(
  select json_build_object('count', json_array_length(attempt.shard_plan -> 'input' -> 'shards'),
    'committed', (select count(*) from predawn.shards s where s.attempt_id = attempt.attempt_id))
  where attempt.shard_plan is not null)`;

/**
 * Ends the attempts in shards of a date that began before the one whose slice it is: they are not to be published any
 * more. For the holder of the date's lock only.
 */
export async function endOvertaken(client: pg.Client, job: string, asOf: string): Promise<void> {
  await client.query(
    `update predawn.attempts a set status = 'failed', finished_at = clock_timestamp(),
       error_kind = 'unavailable', error_code = 'attempt.superseded',
       error_message = 'Attempt ' || s.attempt_id || ', which began later, was published before it.'
     from predawn.slices s
     where a.job = $1 and a.as_of = $2::date and a.status = 'open' and a.shard_plan is not null
       and s.job = a.job and s.as_of = a.as_of and s.attempt_id > a.attempt_id`,
    [job, asOf],
  );
}

/** Drops the tables of a date's shards that nobody will publish from. What can't be dropped now is tried again later. */
export async function dropEndedShards(client: pg.Client, job: string, asOf: string): Promise<void> {
  const { rows } = await client.query<{ id: string; name: string }>(
    `select attempt_id as id, shards_table as name from predawn.attempts
     where job = $1 and as_of = $2::date and status <> 'open' and shards_table is not null`,
    [job, asOf],
  );
  for (const { id, name } of rows) {
    await transaction(client, LOCK_SECONDS, async () => {
      const { rows: found } = await client.query<{ name: string }>(
        `select oid::regclass::text as name from pg_catalog.pg_class
         where oid = to_regclass($1) and relkind = 'r' and not relispartition`,
        [name],
      );
      if (found[0] !== undefined) await client.query(`drop table ${found[0].name}`);
      await client.query('update predawn.attempts set shards_table = null where attempt_id = $1', [id]);
    }).catch(() => undefined);
  }
}
