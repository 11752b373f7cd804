import type { Publication } from '../domain/publication.js';
import { runAttempt } from './attempt-run.js';
import { findProblems } from './check.js';
import type { Patience } from './commit.js';
import { runComparison } from './comparison-run.js';
import { describeUrl, loginUrl, quoteLiteral } from './connection.js';
import { translate } from './errors.js';
import { moveSlice } from './move.js';
import { writtenName } from './names.js';
import { openSharded } from './sharded-publication.js';
import { closeSession, openSession } from './session.js';

export interface PostgresPublicationOptions {
  /** `postgres://…` of a primary server. */
  readonly url: string;
  /** Seconds that publishing waits for others' locks on the table; 60 unless told. */
  readonly lockSeconds?: number;
  /** Half a minute unless told. */
  readonly patience?: Patience;
}

const LOCK_SECONDS = 60;
const PATIENCE: Patience = { tries: 60, pauseMilliseconds: 500 };

/**
 * A PostgreSQL database as a destination. Connects when it is used, with two connections for an attempt: one holds
 * the lock and publishes, one copies. Throws kind `configuration`, code `postgres.url`, for a URL that is none.
 */
export function openPostgresPublication(options: PostgresPublicationOptions): Promise<Publication> {
  return Promise.resolve().then((): Publication => {
    const { url } = options;
    const location = describeUrl(url);
    const settings = {
      url,
      location,
      lockSeconds: options.lockSeconds ?? LOCK_SECONDS,
      patience: options.patience ?? PATIENCE,
    };
    return {
      location,
      check: async (target) => {
        try {
          const client = await openSession(url, location, `predawn check ${target.job}`);
          try {
            return await findProblems(client, location, target);
          } finally {
            await closeSession(client);
          }
        } catch (error) {
          return [translate(error, { location, doing: `checking the table of ${target.job}` })];
        }
      },
      withAttempt: (attempt, signal, work) => runAttempt(settings, attempt, signal, work),
      withComparison: (attempt, signal, work) => runComparison(settings, attempt, signal, work),
      moveSlice: (request, signal) => moveSlice(settings, request, signal),
      shards: openSharded(settings),
      howToLook: (target, asOf) => {
        const query = `select * from ${writtenName(target.table)} where as_of = ${quoteLiteral(asOf)} limit 10`;
        return `psql ${shellQuote(loginUrl(url))} -c ${shellQuote(query)}`;
      },
      close: () => Promise.resolve(),
    };
  });
}

/** For a POSIX shell; in double quotes where nothing in it needs more. */
function shellQuote(text: string): string {
  return /["$`\\!]/.test(text) ? `'${text.replaceAll("'", `'\\''`)}'` : `"${text}"`;
}
