import type pg from 'pg';
import { quoteIdentifier, quoteLiteral } from './connection.js';
import type { Partition } from './inspect.js';
import { columnList, columnsOf, type LayoutColumn } from './layout.js';
import { type QualifiedName, sqlName } from './names.js';

/** A date's rows in the predictions table, and those that they are to become. */
export interface Differing {
  readonly target: QualifiedName;
  readonly partition: Partition;
  readonly layout: readonly LayoutColumn[];
  readonly asOf: string;
  /** SQL to select the new rows from, and how many they are. */
  readonly source: string;
  readonly expected: number;
}

/** Pieces of SQL about rows called `live`, which are there, and `fresh`, the new ones. */
export interface Pieces {
  readonly live: string;
  readonly fresh: string;
  readonly ofDate: string;
  readonly sameKey: string;
  readonly differs: string;
}

export function piecesOf({ target, layout, asOf, source }: Differing): Pieces {
  // The artefact first: where it is another one, nothing else needs to be looked at.
  const compared = [...columnsOf(layout, 'artefact'), ...columnsOf(layout, 'output')];
  return {
    live: `${sqlName(target)} as live`,
    fresh: `${source} as fresh`,
    ofDate: `live.as_of = date ${quoteLiteral(asOf)}`,
    sameKey: sameKey(layout, 'live', 'fresh'),
    differs: `row(${columnList(compared, 'live.')}) is distinct from row(${columnList(compared, 'fresh.')})`,
  };
}

/** SQL: whether the rows of these names have the same key. */
export function sameKey(layout: readonly LayoutColumn[], one: string, other: string): string {
  return columnsOf(layout, 'key')
    .map(({ name }) => `${one}.${quoteIdentifier(name)} = ${other}.${quoteIdentifier(name)}`)
    .join(' and ');
}

const SAMPLED = 1000;

/** Whether most rows seem to differ, by the first of the new ones: what is quicker depends on that, and nothing else. */
export async function mostDiffer(client: pg.Client, differing: Differing): Promise<boolean> {
  const { live, ofDate, sameKey, differs } = piecesOf(differing);
  const { rows } = await client.query<{ most: boolean }>(
    `select count(*) filter (where live.as_of is null or ${differs}) * 2 > count(*) as most
     from (select * from ${differing.source} as all_fresh limit ${SAMPLED}) as fresh
     left join ${live} on ${sameKey} and ${ofDate}`,
  );
  return rows[0]!.most;
}

/** Joins of a whole slice: in memory, if that is not too much. Until the end of the transaction. */
export async function allowJoins(client: pg.Client): Promise<void> {
  await client.query(`select set_config('work_mem', '64MB', true)
    from pg_catalog.pg_settings where name = 'work_mem' and setting::bigint < 65536`);
}
