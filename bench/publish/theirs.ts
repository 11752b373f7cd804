import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { v7 as uuidv7 } from 'uuid';
import { layoutOf } from '../../src/postgres/layout.js';
import { createTarget } from '../../src/postgres/rows-table.js';
import { settle } from '../database.js';
import { secondsOf } from '../statistics.js';
import { TARGET } from './ours.js';

const TABLE = 'replaced_predictions';
const STAGING =
  'create temporary table staging (customer_id text, churn_probability real, churn text) on commit drop';
const COPY_HEADER = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const COPY_TRAILER = Buffer.from([0xff, 0xff]);

/** A table like predawn's own, with the same key, partitioned by date as well. */
export async function createReplacedTable(client: pg.Client): Promise<void> {
  const name = { schema: 'public', table: TABLE };
  await client.query(createTarget(name, layoutOf(TARGET), TARGET.description));
}

export async function createReplacedDate(client: pg.Client, asOf: string): Promise<void> {
  const partition = `${TABLE}_${asOf.replaceAll('-', '')}`;
  await client.query(`create table ${partition} partition of ${TABLE} for values in ('${asOf}')`);
}

/** What good.py does with a database: rows into a temporary table; then, timed, delete, insert, commit. */
export async function replace(
  client: pg.Client,
  url: string,
  asOf: string,
  payload: Uint8Array,
): Promise<number> {
  await client.query('begin');
  await client.query(STAGING);
  await copyIn(client, payload);
  await settle(url);
  return secondsOf(async () => {
    await client.query(`delete from ${TABLE} where as_of = $1`, [asOf]);
    await client.query(
      `insert into ${TABLE} select $1, customer_id, churn_probability, churn, $2, $3, now() from staging`,
      [asOf, 'churn@1', uuidv7()],
    );
    await client.query('commit');
  });
}

function copyIn(client: pg.Client, payload: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom('copy staging from stdin (format binary)'));
    stream.on('error', reject);
    stream.on('finish', resolve);
    stream.write(COPY_HEADER);
    stream.write(payload);
    stream.end(COPY_TRAILER);
  });
}

/** What autovacuum does to a day's rows long before they are published again. */
export async function vacuum(client: pg.Client): Promise<void> {
  await client.query('vacuum analyze');
}
