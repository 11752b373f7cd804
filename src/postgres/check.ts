import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { TargetTable } from '../domain/publication.js';
import { targetProblems } from './compatibility.js';
import { inspect } from './inspect.js';
import { installedVersion, migrationProblem } from './migrations.js';

/** What predawn does with its own tables; docs/postgres.md has the same as GRANTs. */
const LEDGER_RIGHTS: Readonly<Record<string, string>> = {
  attempts: 'select, insert, update',
  slices: 'select, insert, update',
  tables: 'select, insert, update',
  rejects: 'insert',
};

/** Everything that would stop a publication to `target`; changes nothing. */
export async function findProblems(
  client: pg.Client,
  location: string,
  target: TargetTable,
): Promise<readonly PredawnError[]> {
  const migrating = await migrationProblem(client, location);
  const installed = (await installedVersion(client)) > 0;
  const denied = installed ? await ledgerProblems(client, location) : [];
  const inspection = await inspect(client, target.table, installed && denied.length === 0);
  return [...(migrating === undefined ? [] : [migrating]), ...denied, ...targetProblems(target, inspection)];
}

async function ledgerProblems(client: pg.Client, location: string): Promise<readonly PredawnError[]> {
  const { rows } = await client.query<{ name: string; rights: string }>(
    `select r.name, r.rights from jsonb_each_text($1) as r (name, rights)
     where exists (
       select from unnest(string_to_array(r.rights, ', ')) as needed
       where not has_table_privilege('predawn.' || r.name, needed)
     )`,
    [JSON.stringify(LEDGER_RIGHTS)],
  );
  return rows.map(
    ({ name, rights }) =>
      new PredawnError(
        'configuration',
        'ledger.permission',
        `${location}: this role may not write to predawn.${name}.`,
        {
          hint: `Have its owner run: grant ${rights} on predawn.${name} to <the role in the URL>;`,
        },
      ),
  );
}
