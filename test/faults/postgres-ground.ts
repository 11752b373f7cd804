import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { createDatabaseOn, openClient, type TestDatabase } from '../helpers/databases.js';
import { sampleProject } from '../helpers/project.js';
import { PAUSE, SCORING } from './files-ground.js';
import { type Ground, keepLooking, type Slice, together, TORN, type Watch } from './ground.js';

const TABLE = 'churn_predictions';
const SLICE = `string_agg(customer_id || '=' || churn_probability, E'\\n' order by customer_id collate "C") as slice`;
const ISOLATION = ['read committed', 'repeatable read'] as const;
/** Looks within one transaction. */
const LOOKS = 3;

export interface PostgresGround extends Ground {
  readonly database: TestDatabase;
}

/** A project that publishes to a database of its own. `server` is the URL of an administrator. */
export async function postgresGround(server: string, tablespace = 'pg_default'): Promise<PostgresGround> {
  const database = await createDatabaseOn(server, tablespace);
  const env = { DESTINATION: database.url };
  const project = await sampleProject({ settings: `${SCORING}    destination: \${DESTINATION}\n`, env });
  const readers = new Set<pg.Client>();
  let asker: pg.Client | undefined;

  return {
    name: 'PostgreSQL',
    database,
    project,
    env,
    sliceOf: async ({ keys, scores }) => {
      const { rows } = await ask<{ slice: string }>(
        `select ${SLICE} from unnest($1::text[], $2::real[]) as rows (customer_id, churn_probability)`,
        [keys, scores],
      );
      return rows[0]!.slice;
    },
    read: (date) => retried((client) => look(client, date)),
    watch: async (date) => together(await Promise.all(ISOLATION.map((level) => watch(date, level)))),
    released: async (date) => {
      const busy = `select from pg_stat_activity where datname = current_database() and application_name like $1`;
      while ((await ask(busy, [`predawn ${date}%`])).rowCount! > 0) await delay(5);
    },
    leftOver: async () => {
      const { rows } = await ask<{ what: string }>(
        `select 'table ' || c.relname as what from pg_class c
           where c.relkind in ('r', 'p') and c.relname like '${TABLE}\\_%' and not c.relispartition
             and not exists (select from predawn.attempts a
               where c.oid in (to_regclass(a.rows_table), to_regclass(a.rows_base)))
         union all
         select 'lock of ' || s.application_name from pg_locks l join pg_stat_activity s using (pid)
           where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())
         union all
         select 'prepared transaction ' || gid from pg_prepared_xacts where database = current_database()`,
      );
      return rows.map(({ what }) => what);
    },
    drop: async () => {
      await Promise.all([...readers].map((client) => client.end().catch(() => undefined)));
      await project.drop();
      await database.drop();
    },
  };

  /** Works on a connection that is kept; on a new one where the server was made to fail. */
  async function retried<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    asker ??= await openReader();
    try {
      return await work(asker);
    } catch (error) {
      if (!isLoss(error)) throw error;
      asker = undefined;
      return retried(work);
    }
  }

  function ask<Row extends pg.QueryResultRow>(
    sql: string,
    values: unknown[] = [],
  ): Promise<pg.QueryResult<Row>> {
    return retried((client) => client.query<Row>(sql, values));
  }

  async function watch(date: string, level: (typeof ISOLATION)[number]): Promise<Watch> {
    let client = await openReader();
    const watching = keepLooking(async () => {
      await delay(PAUSE);
      try {
        return await lookWithin(client, date, level);
      } catch (error) {
        // The server was made to fail: that is no look at the slice.
        if (!/terminat|connection|starting up|shutting down|ECONN|not queryable/i.test(String(error)))
          throw error;
        await client.end().catch(() => undefined);
        client = await openReader();
        return [];
      }
    });
    return {
      stop: async () => {
        const found = await watching.stop();
        readers.delete(client);
        await client.end();
        return found;
      },
    };
  }

  async function openReader(): Promise<pg.Client> {
    for (;;) {
      try {
        const client = await openClient(database.url);
        readers.add(client);
        return client;
      } catch {
        // The server is being started.
        await delay(20);
      }
    }
  }
}

/** Whether a connection or its server is gone. */
function isLoss(error: unknown): boolean {
  return /terminat|connection|starting up|shutting down|in recovery|ECONN|not queryable/i.test(String(error));
}

/** Several looks in one transaction; in one of REPEATABLE READ all must be alike. */
async function lookWithin(client: pg.Client, date: string, level: string): Promise<Slice[]> {
  await client.query(`begin isolation level ${level} read only`);
  const slices: Slice[] = [];
  for (let times = 0; times < LOOKS; times++) slices.push(await look(client, date));
  await client.query('commit');
  if (level === 'repeatable read' && new Set(slices).size > 1)
    slices.push(`${TORN}: changed within a snapshot`);
  return slices;
}

async function look(client: pg.Client, date: string): Promise<Slice> {
  const there = await client.query<{ name: string | null }>(`select to_regclass('${TABLE}')::text as name`);
  if (there.rows[0]!.name === null) return undefined;
  const { rows } = await client.query<{ slice: string | null }>(
    `select ${SLICE} from ${TABLE} where as_of = $1`,
    [date],
  );
  return rows[0]!.slice ?? undefined;
}
