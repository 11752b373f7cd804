import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import { sqlState, translate } from './errors.js';
import { ledger } from './migrations/001-ledger.js';
import { publications } from './migrations/002-publications.js';
import { registry } from './migrations/003-registry.js';
import { rollouts } from './migrations/004-rollouts.js';
import { differences } from './migrations/005-differences.js';
import { shards } from './migrations/006-shards.js';
import { offendingRows } from './migrations/007-offending-rows.js';

interface Migration {
  /** From 1, without gaps. Never changed once released. */
  readonly version: number;
  readonly description: string;
  readonly sql: string;
}

const MIGRATIONS: readonly Migration[] = [
  { version: 1, description: 'the ledger', sql: ledger },
  { version: 2, description: 'staged attempts and the history of slices', sql: publications },
  { version: 3, description: 'the registry', sql: registry },
  { version: 4, description: 'shadows and canaries', sql: rollouts },
  { version: 5, description: 'kept rows as differences', sql: differences },
  { version: 6, description: 'attempts in shards', sql: shards },
  { version: 7, description: 'rows that gates object to', sql: offendingRows },
];
/** The version that this predawn makes. */
export const LATEST = MIGRATIONS.length;
/** Any number that no other program uses: "predawn" as ASCII. */
const MIGRATION_LOCK = '31650977192965998';

/** What a DBA runs with psql instead of letting predawn create its schema. May be run again at any time. */
export function migrationSql(): string {
  return MIGRATIONS.map(script).join('\n');
}

/**
 * Brings predawn's schema to this version, one transaction for each migration.
 *
 * @throws PredawnError kind `configuration`: `schema.rights` where the role may not create, `schema.newer` where a
 *   newer predawn was here.
 */
export async function migrate(client: pg.Client, location: string): Promise<void> {
  const installed = await installedVersion(client);
  refuseNewer(installed, location);
  for (const migration of MIGRATIONS.slice(installed)) {
    try {
      await client.query(script(migration));
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      throw sqlState(error) === '42501'
        ? missingRights(location, installed)
        : translate(error, {
            location,
            doing: `creating version ${migration.version} of the schema predawn`,
          });
    }
  }
}

/** Why `migrate` would fail; changes nothing. */
export async function migrationProblem(
  client: pg.Client,
  location: string,
): Promise<PredawnError | undefined> {
  const installed = await installedVersion(client);
  try {
    refuseNewer(installed, location);
  } catch (error) {
    return error as PredawnError;
  }
  if (installed === LATEST) return undefined;
  const { rows } = await client.query<{ may: boolean | null }>(
    `select case when n.oid is null then has_database_privilege(current_database(), 'create')
                 else has_schema_privilege(n.oid, 'create') end as may
     from (select to_regnamespace('predawn')::oid as oid) as n`,
  );
  return rows[0]?.may === true ? undefined : missingRights(location, installed);
}

/** 0 where predawn was never here. */
export async function installedVersion(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ there: boolean }>(
    `select exists (
       select from pg_catalog.pg_tables where schemaname = 'predawn' and tablename = 'migrations'
     ) as there`,
  );
  if (rows[0]?.there !== true) return 0;
  const versions = await client.query<{ version: number | null }>(
    'select max(version) as version from predawn.migrations',
  );
  return versions.rows[0]?.version ?? 0;
}

function refuseNewer(installed: number, location: string): void {
  if (installed <= LATEST) return;
  throw new PredawnError(
    'configuration',
    'schema.newer',
    `${location}: the schema predawn has version ${installed}, made by a newer predawn; this one knows ${LATEST}.`,
    { hint: 'Install the newer predawn here too.' },
  );
}

function missingRights(location: string, installed: number): PredawnError {
  return new PredawnError(
    'configuration',
    'schema.rights',
    `${location}: the schema predawn is ${installed === 0 ? 'not there' : `at version ${installed} of ${LATEST}`}, and this role may not create it.`,
    {
      hint: 'Have a DBA run the output of `predawn db sql` with psql and grant this role what docs/postgres.md says.',
    },
  );
}

/** Does nothing where the migration is applied already, by whoever was first to get the lock. */
function script({ version, description, sql }: Migration): string {
  return `-- predawn, schema version ${version}: ${description}
begin isolation level read committed read write;
set local lock_timeout = '60s';
select pg_advisory_xact_lock(${MIGRATION_LOCK});
do $predawn$ begin
if to_regnamespace('predawn') is null then
  create schema predawn;
  comment on schema predawn is 'Ledger and registry of predawn, the batch scoring job runner. Start with the view predawn.runs.';
end if;
if to_regclass('predawn.migrations') is null then
  create table predawn.migrations (
    version integer primary key,
    description text not null,
    applied_at timestamptz not null default now(),
    applied_by text not null default current_user
  );
  comment on table predawn.migrations is 'Versions of this schema.';
  comment on column predawn.migrations.version is 'Counted from 1.';
  comment on column predawn.migrations.description is 'What the version brought.';
  comment on column predawn.migrations.applied_at is 'When it was applied.';
  comment on column predawn.migrations.applied_by is 'Database role that applied it.';
end if;
if not exists (select from predawn.migrations where version = ${version}) then
${sql.trim()}
insert into predawn.migrations (version, description) values (${version}, '${description}');
end if;
end $predawn$;
commit;
`;
}
