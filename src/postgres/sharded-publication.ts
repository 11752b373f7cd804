import type { ShardedPublication } from '../domain/sharded-publication.js';
import { commitShard } from './commit-shard.js';
import { settleKilled } from './attempts.js';
import { translate } from './errors.js';
import { type AttemptSettings, openingError, withLockedSession } from './locked-session.js';
import { PostgresLockedDate } from './locked-date.js';
import { closeSession, openSession } from './session.js';
import { findSharded } from './shard-ledger.js';
import { transaction } from './transaction.js';

/** Attempts in shards, in a database: rows in a table of the attempt's, manifests in `predawn.shards`. */
export function openSharded(settings: AttemptSettings): ShardedPublication {
  const { url, location } = settings;
  return {
    encoding: () => ({ encoder: { kind: 'postgres' }, hashKeys: false }),
    async find({ job, asOf, attemptId }) {
      try {
        const client = await openSession(url, location, `predawn ${asOf} ${job}`);
        try {
          return await findSharded(client, attemptId);
        } finally {
          await closeSession(client);
        }
      } catch (error) {
        throw translate(error, { location, doing: `looking for attempt ${attemptId} of ${job}` });
      }
    },
    withShard: (attempt, shard, signal, work) => commitShard(settings, attempt, shard, signal, work),
    withDate: (date, signal, work) =>
      withLockedSession(settings, date, signal, async (session, canceller) => {
        const by = `the holder of its date's lock, ${date.id}`;
        await transaction(session, settings.lockSeconds, () =>
          settleKilled(session, date.job, date.asOf, by),
        ).catch((error: unknown) => {
          throw openingError(error, settings, date, signal);
        });
        return work(new PostgresLockedDate(settings, session, canceller, date, signal));
      }),
  };
}
