import type { PostgresEncoderSpec } from '../../src/domain/codecs.js';
import { quoteIdentifier } from '../../src/postgres/connection.js';
import { makePostgresEncoder } from '../../src/postgres/encoder.js';
import { openPostgresLedger } from '../../src/postgres/ledger.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { describeMoves, type MovableUnderTest } from '../contracts/moves.js';
import { readRejects, readSlice } from '../helpers/postgres-publication.js';
import { createDatabase } from '../helpers/postgres.js';

const FOREIGN = `create table churn_predictions (as_of date, customer_id text, churn_probability float4, churn text,
  artefact text, attempt_id uuid, scored_at timestamptz)`;

for (const made of ['made by predawn', 'made by others']) {
  describeMoves(`a PostgreSQL table ${made}`, () => openDatabase(made === 'made by others' ? FOREIGN : ''));
}

async function openDatabase(before: string): Promise<MovableUnderTest> {
  const database = await createDatabase();
  await database.client.query(before);
  const publication = await openPostgresPublication({ url: database.url });
  const ledger = await openPostgresLedger(database.url);
  return {
    publication,
    ledger,
    anotherPublication: () => openPostgresPublication({ url: database.url }),
    makeEncoder: (spec) => makePostgresEncoder(spec as PostgresEncoderSpec),
    readSlice: (target, asOf) => readSlice(database.client, target, asOf),
    readRejects: (attempt) => readRejects(database.client, attempt.id),
    damageKept: async ({ id }) => {
      const { rows } = await database.client.query<{ name: string }>(
        'select rows_table as name from predawn.attempts where attempt_id = $1',
        [id],
      );
      await database.client.query(`delete from ${rows[0]!.name} where customer_id = 'C-1'`);
    },
    removeSlice: async ({ table }, asOf) => {
      if (before !== '') {
        await database.client.query(`delete from ${table} where as_of = $1`, [asOf]);
        return;
      }
      const { rows } = await database.client.query<{ name: string }>(
        `select inhrelid::regclass::text as name from pg_inherits
         where inhparent = $1::regclass
           and pg_get_expr((select relpartbound from pg_class where oid = inhrelid), inhrelid) like '%' || $2 || '%'`,
        [quoteIdentifier(table), asOf],
      );
      await database.client.query(`drop table ${rows[0]!.name}`);
    },
    cleanup: async () => {
      await publication.close();
      await ledger.close();
      await database.drop();
    },
  };
}
