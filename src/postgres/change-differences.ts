import type pg from 'pg';
import type { Publishing } from '../domain/publication.js';
import { quoteIdentifier, quoteLiteral } from './connection.js';
import { columnList, columnsOf, type LayoutColumn } from './layout.js';
import { type QualifiedName, sqlName } from './names.js';

/** A date's rows in the predictions table, and those that they are to become. */
export interface Differing {
  readonly target: QualifiedName;
  readonly layout: readonly LayoutColumn[];
  readonly asOf: string;
  /** SQL to select the new rows from, and how many they are. */
  readonly source: string;
  readonly expected: number;
}

/** Pieces of SQL: `live` are the rows that are there, `fresh` the new ones. */
interface Pieces {
  readonly live: string;
  readonly fresh: string;
  readonly ofDate: string;
  readonly sameKey: string;
  readonly differs: string;
}

interface Counts {
  readonly live: number;
  /** Keys on both sides, and how many of them with other values. */
  readonly common: number;
  readonly changed: number;
}

/**
 * Changes only the rows that differ: what is the same keeps the attempt that last changed it. They are counted first:
 * where most differ, as after another model, deleting and inserting them takes half as long as updating them.
 */
export async function changeDifferences(
  client: pg.Client,
  differing: Differing,
): Promise<Publishing['changes']> {
  // Joins of the whole slice: in memory, if that is not too much.
  await client.query(`select set_config('work_mem', '64MB', true)
    from pg_catalog.pg_settings where name = 'work_mem' and setting::bigint < 65536`);
  const pieces = piecesOf(differing);
  const { live, common, changed } = await count(client, pieces);
  const changes = { inserted: differing.expected - common, updated: changed, deleted: live - common };
  const most = (changes.deleted + changes.updated) * 2 > live;
  await (most
    ? rewrite(client, differing, pieces, common - changed)
    : change(client, differing, pieces, changes));
  return changes;
}

function piecesOf({ target, layout, asOf, source }: Differing): Pieces {
  const compared = columnsOf(layout, 'output', 'artefact');
  return {
    live: `${sqlName(target)} as live`,
    fresh: `${source} as fresh`,
    ofDate: `live.as_of = date ${quoteLiteral(asOf)}`,
    sameKey: columnsOf(layout, 'key')
      .map(({ name }) => `live.${quoteIdentifier(name)} = fresh.${quoteIdentifier(name)}`)
      .join(' and '),
    differs: `row(${columnList(compared, 'live.')}) is distinct from row(${columnList(compared, 'fresh.')})`,
  };
}

async function count(client: pg.Client, { live, fresh, ofDate, sameKey, differs }: Pieces): Promise<Counts> {
  const { rows } = await client.query<Record<keyof Counts, string>>(
    `select count(*) as common, count(*) filter (where ${differs}) as changed,
       (select count(*) from ${live} where ${ofDate}) as live
     from ${live} join ${fresh} on ${sameKey} where ${ofDate}`,
  );
  const found = rows[0]!;
  return { live: Number(found.live), common: Number(found.common), changed: Number(found.changed) };
}

/** For few differences. What there is none of needs no statement. */
async function change(
  client: pg.Client,
  differing: Differing,
  { live, fresh, ofDate, sameKey, differs }: Pieces,
  { inserted, updated, deleted }: Publishing['changes'],
): Promise<void> {
  const { layout } = differing;
  if (deleted > 0) {
    await client.query(
      `delete from ${live} where ${ofDate} and not exists (select from ${fresh} where ${sameKey})`,
    );
  }
  if (updated > 0) {
    const assigned = columnsOf(layout, 'output', 'artefact', 'attempt_id', 'scored_at')
      .map(({ name }) => `${quoteIdentifier(name)} = fresh.${quoteIdentifier(name)}`)
      .join(', ');
    await client.query(
      `update ${live} set ${assigned} from ${fresh} where ${ofDate} and ${sameKey} and ${differs}`,
    );
  }
  if (inserted > 0) await insertMissing(client, differing, `${ofDate} and ${sameKey}`);
}

/** For many: every row that is not the same goes, and what is missing then comes. */
async function rewrite(
  client: pg.Client,
  differing: Differing,
  { live, fresh, ofDate, sameKey, differs }: Pieces,
  unchanged: number,
): Promise<void> {
  const same = `exists (select from ${fresh} where ${sameKey} and not (${differs}))`;
  await client.query(`delete from ${live} where ${ofDate}${unchanged === 0 ? '' : ` and not ${same}`}`);
  await insertMissing(client, differing, unchanged === 0 ? undefined : `${ofDate} and ${sameKey}`);
}

/** `there` tells which live row has a fresh one's key; undefined where no row is left. */
async function insertMissing(
  client: pg.Client,
  { target, layout, source }: Differing,
  there: string | undefined,
): Promise<void> {
  const columns = columnList(layout);
  await client.query(
    `insert into ${sqlName(target)} (${columns}) select ${columnList(layout, 'fresh.')} from ${source} as fresh${
      there === undefined ? '' : ` where not exists (select from ${sqlName(target)} as live where ${there})`
    }`,
  );
}
