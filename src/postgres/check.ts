import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { TargetTable } from '../domain/publication.js';
import { targetProblems } from './compatibility.js';
import { inspect } from './inspect.js';
import { installedVersion, migrationProblem } from './migrations.js';

/** What predawn does with its own tables; docs/postgres.md has the same as GRANTs. */
const LEDGER_RIGHTS: Readonly<Record<string, string>> = {
  migrations: 'select',
  attempts: 'select, insert, update',
  slices: 'select, insert, update',
  publications: 'select, insert',
  tables: 'select, insert, update',
  rejects: 'insert',
  offending_rows: 'insert',
  shards: 'select, insert',
};

/** Everything that would stop a publication to `target`; changes nothing. */
export async function findProblems(
  client: pg.Client,
  location: string,
  target: TargetTable,
): Promise<readonly PredawnError[]> {
  const denied = await missingRights(client, location);
  // Without its rights, predawn's own tables can't be asked for anything more.
  if (denied.length > 0)
    return [...denied, ...targetProblems(target, await inspect(client, target.table, false))];
  const migrating = await migrationProblem(client, location);
  const installed = (await installedVersion(client)) > 0;
  const inspection = await inspect(client, target.table, installed);
  return [...(migrating === undefined ? [] : [migrating]), ...targetProblems(target, inspection)];
}

/** Rights on predawn's schema and tables, where they are there; read from the catalogue, which needs no right. */
async function missingRights(client: pg.Client, location: string): Promise<readonly PredawnError[]> {
  const { rows } = await client.query<{ what: string; rights: string }>(
    `select 'schema predawn' as what, 'usage' as rights from pg_catalog.pg_namespace
     where nspname = 'predawn' and not has_schema_privilege(oid, 'usage')
     union all
     select 'predawn.' || needed.name, needed.rights
     from jsonb_each_text($1) as needed (name, rights)
     join pg_catalog.pg_namespace n on n.nspname = 'predawn'
     join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = needed.name
     where exists (
       select from unnest(string_to_array(needed.rights, ', ')) as one where not has_table_privilege(c.oid, one)
     )`,
    [JSON.stringify(LEDGER_RIGHTS)],
  );
  return rows.map(
    ({ what, rights }) =>
      new PredawnError(
        'configuration',
        'ledger.permission',
        `${location}: this role lacks rights on ${what}.`,
        {
          hint: `Have its owner run: grant ${rights} on ${what} to <the role in the URL>;`,
        },
      ),
  );
}
