import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { Publishing } from '../domain/publication.js';
import { quoteIdentifier, quoteLiteral } from './connection.js';
import { type Differing, piecesOf } from './differing.js';
import { columnList, columnsOf, type LayoutColumn } from './layout.js';
import { type QualifiedName, sqlName } from './names.js';

/** Column of a table of differences: `updated`, `deleted` or `inserted`, as what was done to the row. */
export const CHANGE = 'predawn_change';
/** Where the old row is. */
const PLACE = 'predawn_place';
/** The new values, in the order of the layout: there only until they are in the slice. */
const fresh = (index: number) => `predawn_new_${index}`;

type Changes = Publishing['changes'];

/**
 * Changes the rows that differ, and leaves in the new table `differences` what undoes it: the old rows that were
 * updated or deleted, and the keys that were inserted. Both sides are read once; the rest costs what the changes do.
 *
 * @throws PredawnError kind `internal`, code `publish.count`, where somebody else changes the same rows meanwhile.
 */
export async function changeFew(
  client: pg.Client,
  differing: Differing,
  differences: QualifiedName,
): Promise<Changes> {
  // Few rows come out of the join, which the planner can't know: it would not let several processes share it.
  await client.query(`select set_config('parallel_tuple_cost', '0', true)`);
  await createDifferences(client, differing, differences);
  const changes = await countChanges(client, differences);
  // Else each of the places would be found by reading all rows: those have just been read, and are in memory.
  await client.query(`select set_config('random_page_cost', '1', true)`);
  for (const change of ['deleted', 'updated', 'inserted'] as const) {
    if (changes[change] === 0) continue;
    const { rowCount } = await client.query(statementFor(change, differing, differences));
    if (rowCount !== changes[change]) throw changedMeanwhile(differing, change, rowCount!, changes[change]);
  }
  const temporary = [PLACE, ...differing.layout.map((_, index) => fresh(index))];
  await client.query(
    `alter table ${sqlName(differences)} ${temporary.map((name) => `drop column ${name}`).join(', ')}`,
  );
  return changes;
}

async function createDifferences(
  client: pg.Client,
  differing: Differing,
  differences: QualifiedName,
): Promise<void> {
  const { layout, asOf, target } = differing;
  const { ofDate, sameKey, differs, fresh: source } = piecesOf(differing);
  const key = quoteIdentifier(columnsOf(layout, 'key')[0]!.name);
  const columns = layout.map(({ name, role }) => {
    const quoted = quoteIdentifier(name);
    if (role === 'as_of') return `date ${quoteLiteral(asOf)} as ${quoted}`;
    return role === 'key' ? `coalesce(live.${quoted}, fresh.${quoted}) as ${quoted}` : `live.${quoted}`;
  });
  const others = layout.map(({ name }, index) => `fresh.${quoteIdentifier(name)} as ${fresh(index)}`);
  await client.query(
    `create table ${sqlName(differences)} as
     select ${[...columns, ...others].join(', ')}, live.${PLACE},
       case when live.${key} is null then 'inserted' when fresh.${key} is null then 'deleted' else 'updated' end as ${CHANGE}
     from (select ctid as ${PLACE}, ${columnList(layout)} from ${sqlName(target)} as live where ${ofDate}) as live
       full join ${source} on ${sameKey}
     where live.${key} is null or fresh.${key} is null or ${differs}`,
  );
  await client.query(`analyze ${sqlName(differences)}`);
}

function statementFor(
  change: keyof Changes,
  { target, layout, asOf }: Differing,
  differences: QualifiedName,
): string {
  const live = `${sqlName(target)} as live`;
  const from = `${sqlName(differences)} as difference`;
  const those = `difference.${CHANGE} = ${quoteLiteral(change)}`;
  const place = `live.as_of = date ${quoteLiteral(asOf)} and live.ctid = difference.${PLACE}`;
  if (change === 'deleted') return `delete from ${live} using ${from} where ${those} and ${place}`;
  if (change === 'inserted') {
    return `insert into ${sqlName(target)} (${columnList(layout)})
      select ${layout.map((_, index) => fresh(index)).join(', ')} from ${from} where ${those}`;
  }
  const assigned = layout.flatMap(({ name, role }: LayoutColumn, index) =>
    role === 'as_of' || role === 'key' ? [] : [`${quoteIdentifier(name)} = difference.${fresh(index)}`],
  );
  return `update ${live} set ${assigned.join(', ')} from ${from} where ${those} and ${place}`;
}

async function countChanges(client: pg.Client, differences: QualifiedName): Promise<Changes> {
  const { rows } = await client.query<{ change: keyof Changes; count: string }>(
    `select ${CHANGE} as change, count(*) from ${sqlName(differences)} group by 1`,
  );
  const changes = { inserted: 0, updated: 0, deleted: 0 };
  for (const { change, count } of rows) changes[change] = Number(count);
  return changes;
}

function changedMeanwhile(
  { target, asOf }: Differing,
  change: keyof Changes,
  found: number,
  expected: number,
): PredawnError {
  return new PredawnError(
    'internal',
    'publish.count',
    `${found} rows of ${sqlName(target)} for ${asOf} were ${change} instead of ${expected}; nothing was published.`,
    { hint: 'Someone else changes rows of this date, or a rule or trigger does: nobody but predawn should.' },
  );
}
