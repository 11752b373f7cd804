import type pg from 'pg';
import { groupByDate, type Ledger, type LedgerEntry } from '../domain/ledger.js';
import type { AttemptStatus, Receipt } from '../domain/receipt.js';
import { connect, describeUrl } from './connection.js';
import { translate } from './errors.js';
import { installedVersion } from './migrations.js';
import { WITH_OFFENDING } from './migrations/007-offending-rows.js';
import { readOffending } from './offending.js';
import { MOVES_OF_ATTEMPT, type MoveRow, toMove } from './publications.js';
import { readRejects } from './rejects.js';
import { SHARDS_OF_ATTEMPT, WITH_SHARDS } from './shard-ledger.js';

interface Row {
  readonly id: string;
  readonly job: string;
  readonly environment: string;
  readonly as_of: string;
  readonly status: AttemptStatus;
  readonly current: boolean;
  readonly rows_kept: boolean;
  readonly moves: readonly MoveRow[];
  readonly shards: LedgerEntry['shards'] | null;
  readonly artefact: string;
  readonly artefact_digest: string;
  readonly started_at: Date;
  readonly finished_at: Date | null;
  readonly receipt: Receipt | null;
  readonly error_kind: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
}

const selectEntries = (moves: string, shards: string) => `
  select attempt.attempt_id as id, attempt.job, attempt.environment, attempt.as_of::text, attempt.status,
    s.attempt_id is not null as current, attempt.rows_table is not null as rows_kept, ${moves} as moves,
    ${shards} as shards,
    attempt.artefact, attempt.artefact_digest, attempt.started_at, attempt.finished_at, attempt.receipt,
    attempt.error_kind, attempt.error_code, attempt.error_message
  from predawn.attempts attempt left join predawn.slices s using (attempt_id)`;

/** The version of the schema that has the history of slices; an older one is read without. */
const WITH_MOVES = 2;

/** Of each date of a job the attempt that began last, and the one whose slice it has. */
const NEWEST_AND_CURRENT = `
  where attempt.job = $1 and attempt.as_of between $2::date and $3::date and (s.attempt_id is not null
    or attempt.attempt_id in (
      select distinct on (as_of) attempt_id from predawn.attempts
      where job = $1 and as_of between $2::date and $3::date
      order by as_of, started_at desc, attempt_id desc))`;

const HEX_DIGITS = 32;
const SHORTEST_PREFIX = 6;

/** The ledger of a database; one that predawn never published to is an empty ledger. */
export async function openPostgresLedger(url: string): Promise<Ledger> {
  const location = describeUrl(url);
  const client = await connect(url, { applicationName: 'predawn ledger' });

  async function select(doing: string, rest: string, values: unknown[]): Promise<readonly LedgerEntry[]> {
    try {
      const installed = await installedVersion(client);
      if (installed === 0) return [];
      const entries = selectEntries(
        installed < WITH_MOVES ? `'[]'::json` : MOVES_OF_ATTEMPT,
        installed < WITH_SHARDS ? 'null::json' : SHARDS_OF_ATTEMPT,
      );
      const { rows } = await client.query<Row>(`${entries} ${rest}`, values);
      return rows.map(toEntry);
    } catch (error) {
      throw translate(error, { location, doing });
    }
  }

  return {
    entries: ({ job, asOf, limit }) =>
      select(
        'reading the ledger',
        `where ($1::text is null or attempt.job = $1) and ($2::date is null or attempt.as_of = $2)
         order by attempt.started_at desc, attempt.attempt_id desc limit $3`,
        [job ?? null, asOf ?? null, limit],
      ),
    dates: async ({ job, from, to }) =>
      groupByDate(await select('reading the ledger', NEWEST_AND_CURRENT, [job, from, to])),
    find: async (attemptId) => {
      const digits = attemptId.replaceAll('-', '');
      if (!/^[0-9a-f]{6,32}$/i.test(digits) || attemptId.length < SHORTEST_PREFIX) return undefined;
      const found = await select(
        'looking for an attempt',
        // The range is for the index.
        `where attempt.attempt_id between $1 and $2 and attempt.attempt_id::text like lower($3) || '%' limit 2`,
        [digits.padEnd(HEX_DIGITS, '0'), digits.padEnd(HEX_DIGITS, 'f'), attemptId],
      );
      return found.length === 1 ? found[0] : undefined;
    },
    rejects: async function* ({ attemptId }) {
      try {
        if ((await installedVersion(client)) > 0) yield* readRejects(client, attemptId);
      } catch (error) {
        throw translate(error, { location, doing: 'reading the rejected rows' });
      }
    },
    offending: async ({ attemptId }) => {
      try {
        return (await installedVersion(client)) < WITH_OFFENDING
          ? []
          : await readOffending(client, attemptId);
      } catch (error) {
        throw translate(error, { location, doing: 'reading the rows that gates object to' });
      }
    },
    close: () => endQuietly(client),
  };
}

async function endQuietly(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined);
}

function toEntry(row: Row): LedgerEntry {
  return {
    attemptId: row.id,
    job: row.job,
    environment: row.environment,
    asOf: row.as_of,
    status: row.status,
    current: row.current,
    rowsKept: row.rows_kept,
    moves: row.moves.map(toMove),
    shards: row.shards ?? undefined,
    artefact: row.artefact,
    artefactDigest: row.artefact_digest,
    startedAt: row.started_at.toISOString(),
    finishedAt: row.finished_at?.toISOString(),
    receipt: row.receipt ?? undefined,
    error:
      row.error_kind === null
        ? undefined
        : { kind: row.error_kind, code: row.error_code ?? '', message: row.error_message ?? '' },
  };
}
