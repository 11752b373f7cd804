import { openPostgresRegistry } from '../../src/postgres/registry.js';
import { describeRollouts } from '../contracts/rollouts.js';
import { createDatabase } from '../helpers/postgres.js';

describeRollouts('postgres', async (work) => {
  const database = await createDatabase();
  try {
    await work(openPostgresRegistry({ url: database.url, now: () => new Date() }));
  } finally {
    await database.drop();
  }
});
