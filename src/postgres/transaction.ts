import type pg from 'pg';

/**
 * Runs `work` in a READ COMMITTED transaction that waits at most `lockSeconds` for any lock, and commits it. On a
 * throw it rolls back. What the role or the database has set as defaults for isolation, read-only or synchronous
 * commit does not count here: a commit that we report must be on disk.
 */
export async function transaction<T>(
  client: pg.Client,
  lockSeconds: number,
  work: () => Promise<T>,
): Promise<T> {
  await begin(client, lockSeconds);
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

/** The beginning of `transaction`, for a caller that ends it itself. */
export async function begin(client: pg.Client, lockSeconds: number): Promise<void> {
  await client.query(
    `begin isolation level read committed read write; set local lock_timeout = '${lockSeconds}s';
     select set_config('synchronous_commit', 'on', true) where current_setting('synchronous_commit') = 'off'`,
  );
}
