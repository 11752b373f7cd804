import type { PostgresEncoderSpec } from '../../src/domain/codecs.js';
import { makePostgresEncoder } from '../../src/postgres/encoder.js';
import { openPostgresLedger } from '../../src/postgres/ledger.js';
import { openPostgresPublication } from '../../src/postgres/publication.js';
import { describePublication } from '../contracts/publication.js';
import { readRejects, readSlice } from '../helpers/postgres-publication.js';
import { createDatabase } from '../helpers/postgres.js';

describePublication('a PostgreSQL database', async () => {
  const database = await createDatabase();
  const publication = await openPostgresPublication({ url: database.url });
  const ledger = await openPostgresLedger(database.url);
  return {
    publication,
    ledger,
    anotherPublication: () => openPostgresPublication({ url: database.url }),
    makeEncoder: (spec) => makePostgresEncoder(spec as PostgresEncoderSpec),
    readSlice: (target, asOf) => readSlice(database.client, target, asOf),
    readRejects: (attempt) => readRejects(database.client, attempt.id),
    cleanup: async () => {
      await publication.close();
      await ledger.close();
      await database.drop();
    },
  };
});
