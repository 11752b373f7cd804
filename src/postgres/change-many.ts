import type pg from 'pg';
import type { Publishing } from '../domain/publication.js';
import { quoteIdentifier } from './connection.js';
import { countRows, requireCount } from './count-rows.js';
import { type Differing, type Pieces, piecesOf } from './differing.js';
import { ROOMY_FILLFACTOR } from './inspect.js';
import { columnList, columnsOf } from './layout.js';
import { sqlName } from './names.js';

type Changes = Publishing['changes'];

interface Counts {
  readonly live: number;
  /** Keys on both sides. */
  readonly common: number;
}

/**
 * Changes the rows that differ where those are most, as after another model. The first time they are deleted and
 * inserted, which takes half as long as updating them where a page has no room for a second version of its rows:
 * each would need another entry in the key's index. They are inserted with such room, so that the next time, which
 * may be the restore of the first, they are updated in their pages, which takes half as long again.
 */
export async function changeMany(client: pg.Client, differing: Differing): Promise<Changes> {
  const pieces = piecesOf(differing);
  return differing.partition.roomy ? update(client, differing, pieces) : rewrite(client, differing, pieces);
}

async function count(client: pg.Client, { live, fresh, ofDate, sameKey }: Pieces): Promise<Counts> {
  const { rows } = await client.query<Record<keyof Counts, string>>(
    `select count(*) as common, (select count(*) from ${live} where ${ofDate}) as live
     from ${live} join ${fresh} on ${sameKey} where ${ofDate}`,
  );
  return { live: Number(rows[0]!.live), common: Number(rows[0]!.common) };
}

async function update(client: pg.Client, differing: Differing, pieces: Pieces): Promise<Changes> {
  const { live, fresh, ofDate, sameKey, differs } = pieces;
  const { target, layout, asOf, expected } = differing;
  const assigned = columnsOf(layout, 'output', 'artefact', 'attempt_id', 'scored_at')
    .map(({ name }) => `${quoteIdentifier(name)} = fresh.${quoteIdentifier(name)}`)
    .join(', ');
  const { rowCount } = await client.query(
    `update ${live} set ${assigned} from ${fresh} where ${ofDate} and ${sameKey} and ${differs}`,
  );
  const updated = rowCount!;
  // Then every new row met a live one, and there are no others.
  if (updated === expected && (await countRows(client, target, asOf)) === expected)
    return { inserted: 0, updated, deleted: 0 };
  const counts = await count(client, pieces);
  const deleted = counts.live - counts.common;
  if (deleted > 0) {
    await client.query(
      `delete from ${live} where ${ofDate} and not exists (select from ${fresh} where ${sameKey})`,
    );
  }
  const inserted = expected - counts.common;
  if (inserted > 0) await insertMissing(client, differing, `${ofDate} and ${sameKey}`);
  await requireCount(client, target, differing);
  return { inserted, updated, deleted };
}

/** Every row that is not the same goes, and what is missing then comes. */
async function rewrite(client: pg.Client, differing: Differing, pieces: Pieces): Promise<Changes> {
  const { live, fresh, ofDate, sameKey, differs } = pieces;
  const { partition, expected } = differing;
  const counts = await count(client, pieces);
  if (partition.owned)
    await client.query(`alter table ${partition.name} set (fillfactor = ${ROOMY_FILLFACTOR})`);
  const { rowCount } = await client.query(
    `delete from ${live} where ${ofDate}
     and not exists (select from ${fresh} where ${sameKey} and not (${differs}))`,
  );
  const gone = rowCount!;
  await insertMissing(client, differing, gone === counts.live ? undefined : `${ofDate} and ${sameKey}`);
  await requireCount(client, differing.target, differing);
  const deleted = counts.live - counts.common;
  return { inserted: expected - counts.common, updated: gone - deleted, deleted };
}

/** `there` tells which live row has a fresh one's key; undefined where no row is left. */
async function insertMissing(
  client: pg.Client,
  { target, layout, source }: Differing,
  there: string | undefined,
): Promise<void> {
  await client.query(
    `insert into ${sqlName(target)} (${columnList(layout)}) select ${columnList(layout, 'fresh.')} from ${source} as fresh${
      there === undefined ? '' : ` where not exists (select from ${sqlName(target)} as live where ${there})`
    }`,
  );
}
