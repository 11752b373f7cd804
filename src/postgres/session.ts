import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import { connect } from './connection.js';

const OLDEST_SERVER = 13;
const GOODBYE_MILLISECONDS = 2000;

/**
 * A connection that may be idle for as long as scoring takes, with the settings our SQL relies on. Throws what
 * `connect` throws, and kind `configuration` for a server that is too old or a standby.
 */
export async function openSession(
  url: string,
  location: string,
  applicationName: string,
): Promise<pg.Client> {
  const client = await connect(url, { applicationName });
  try {
    const { rows } = await client.query<{ version: number; standby: boolean }>(
      `select current_setting('server_version_num')::integer / 10000 as version, pg_is_in_recovery() as standby`,
    );
    const server = rows[0]!;
    if (server.version < OLDEST_SERVER) {
      throw new PredawnError(
        'configuration',
        'postgres.version',
        `${location} runs PostgreSQL ${server.version}; predawn publishes to ${OLDEST_SERVER} and newer.`,
        { hint: 'Publish to a newer server.' },
      );
    }
    if (server.standby) {
      throw new PredawnError(
        'configuration',
        'postgres.read_only',
        `${location} is a standby: it may only be read.`,
        {
          hint: 'Name the primary server in the destination URL.',
        },
      );
    }
    // As pg_dump does: a batch takes as long as it takes, and lock_timeout keeps it from holding up others. Which
    // limits there are differs by version.
    await client.query(
      `select set_config(s.name, v.value, false)
       from (values ('timezone', 'UTC'), ('datestyle', 'ISO, YMD'), ('client_min_messages', 'warning'),
         ('lock_timeout', '60s'), ('statement_timeout', '0'), ('transaction_timeout', '0'), ('idle_session_timeout', '0'),
         ('idle_in_transaction_session_timeout', '0')) as v (name, value)
       join pg_catalog.pg_settings s on lower(s.name) = v.name`,
    );
    return client;
  } catch (error) {
    await closeSession(client);
    throw error;
  }
}

/** Ends a connection, in whatever state; does not wait long for a server that no longer answers. */
export async function closeSession(client: pg.Client): Promise<void> {
  const ended = client.end().catch(() => undefined);
  await Promise.race([ended, delay(GOODBYE_MILLISECONDS, undefined, { ref: false })]);
}
