import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { CopyOut } from '../../src/postgres/copy-out.js';
import { withClient } from '../database.js';
import { type Cost, costOf, type CpuClock } from '../statistics.js';

/** What the server, and predawn's own reading from the socket, take to bring a query's rows to a client that drops them. */
export function costOfCopyOut(url: string, query: string, server: CpuClock): Promise<Cost> {
  return withClient(url, (client) =>
    costOf(async () => {
      const pieces = client.query(new CopyOut(`copy (${query}) to stdout (format binary)`)).pieces();
      while ((await pieces.next()).done !== true);
    }, server),
  );
}

/**
 * What the server takes to copy a slice in from a file and to build its key, committed: into a table like the
 * newest partition of `table`, from that partition's own rows.
 */
export function costOfCopyIn(url: string, table: string, server: CpuClock): Promise<Cost> {
  return withClient(url, async (client) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'predawn-bench-copy-'));
    try {
      const found = await client.query<{ name: string }>(
        'select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::regclass order by 1 desc limit 1',
        [table],
      );
      const partition = found.rows[0]!.name;
      const file = path.join(folder, 'rows');
      const columns = 'customer_id, churn_probability, churn';
      await pipeline(
        client.query(copyTo(`copy ${partition} (${columns}) to stdout (format binary)`)),
        createWriteStream(file),
      );
      return await costOf(async () => {
        await client.query('begin');
        await client.query(
          `create table copied_in (like ${partition} including defaults including constraints)`,
        );
        await pipeline(
          createReadStream(file, { highWaterMark: 256 * 1024 }),
          client.query(copyFrom(`copy copied_in (${columns}) from stdin (format binary)`)),
        );
        await client.query('alter table copied_in add primary key (as_of, customer_id)');
        await client.query('commit');
      }, server);
    } finally {
      await client.query('drop table if exists copied_in');
      await rm(folder, { recursive: true });
    }
  });
}
