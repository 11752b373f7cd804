import type { PostgresEncoderSpec } from '../../src/domain/codecs.js';
import { makePostgresEncoder } from '../../src/postgres/encoder.js';
import { openPostgresLedger } from '../../src/postgres/ledger.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { describeShards } from '../contracts/shards.js';
import { readRejects, readSlice, tableNames } from '../helpers/postgres-publication.js';
import { createDatabase } from '../helpers/postgres.js';

describeShards('a PostgreSQL database', async () => {
  const database = await createDatabase();
  const publication = await openPostgresPublication({ url: database.url });
  const ledger = await openPostgresLedger(database.url);
  return {
    publication,
    ledger,
    ordered: false,
    anotherPublication: () => openPostgresPublication({ url: database.url }),
    makeEncoder: (spec) => makePostgresEncoder(spec as PostgresEncoderSpec),
    readSlice: (target, asOf) => readSlice(database.client, target, asOf),
    readRejects: (attempt) => readRejects(database.client, attempt.id),
    shardsLeft: async ({ id }) =>
      (await tableNames(database.client, `%\\_s20261120\\_${id.slice(-12)}`)).length > 0,
    cleanup: async () => {
      await publication.close();
      await ledger.close();
      await database.drop();
    },
  };
});
