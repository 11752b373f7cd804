import type pg from 'pg';
import { parseTableName, type QualifiedName, sqlName } from './names.js';

/** Percent of a page that inserted rows may fill where they are likely to be updated all at once. */
export const ROOMY_FILLFACTOR = 50;

/** A column as the catalog has it. A domain shows as the type it is made of. */
export interface ExistingColumn {
  readonly name: string;
  readonly type: string;
  /** For messages: `numeric(10,2)`. */
  readonly shownType: string;
  /** Whether it has a length or a precision. */
  readonly limited: boolean;
  readonly notNull: boolean;
  /** Whether a row can be inserted without it: a default, an identity, or generated. */
  readonly filled: boolean;
}

/** What the database holds under the target's name. */
export interface ExistingTable {
  readonly oid: number;
  /** As pg_class.relkind: `r`, `p`, `v`… */
  readonly kind: string;
  readonly columns: readonly ExistingColumn[];
  readonly primaryKey: readonly string[];
  /** CHECK constraints, as they are written in CREATE TABLE. */
  readonly checks: readonly string[];
  /** The job that predawn created it for; undefined where predawn did not. */
  readonly createdFor: string | undefined;
  /** The jobs whose slices it holds. */
  readonly publishedBy: readonly string[];
  /** Privileges of this role that are missing to publish to a table that predawn did not create. */
  readonly missing: readonly string[];
  /** Whether this role is the owner or a member of it: only then can partitions be attached. */
  readonly owned: boolean;
}

export interface Inspection {
  readonly name: QualifiedName;
  readonly schema: 'absent' | 'closed' | 'open';
  /** Undefined where there is nothing of that name. */
  readonly existing: ExistingTable | undefined;
}

/**
 * Looks at what is there under `output.table`: a name without a schema is searched for in the search_path and, if
 * absent, is one of its first schema. `marked` tells whether predawn.tables exists.
 */
export async function inspect(client: pg.Client, table: string, marked: boolean): Promise<Inspection> {
  const written = parseTableName(table);
  const name = { table: written.table, schema: written.schema ?? (await schemaFor(client, written.table)) };
  const schemas = await client.query<{ may: boolean }>(
    `select has_schema_privilege(oid, 'create') and has_schema_privilege(oid, 'usage') as may
     from pg_catalog.pg_namespace where nspname = $1`,
    [name.schema],
  );
  const [schema] = schemas.rows;
  return {
    name,
    schema: schema === undefined ? 'absent' : schema.may ? 'open' : 'closed',
    existing: await findTable(client, name, marked),
  };
}

async function schemaFor(client: pg.Client, table: string): Promise<string> {
  const { rows } = await client.query<{ schema: string | null }>(
    `select coalesce(
       (select n.nspname from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where c.oid = to_regclass(quote_ident($1::text))),
       current_schema())::text as schema`,
    [table],
  );
  return rows[0]?.schema ?? 'public';
}

async function findTable(
  client: pg.Client,
  { schema, table }: QualifiedName,
  marked: boolean,
): Promise<ExistingTable | undefined> {
  const tables = await client.query<{
    oid: number;
    kind: string;
    owned: boolean;
    by_date: boolean;
    missing: string[];
  }>(
    `select c.oid, c.relkind as kind, pg_has_role(c.relowner, 'usage') as owned,
       coalesce(pg_get_partkeydef(c.oid) = 'LIST (as_of)', false) as by_date,
       array(select p from unnest(array['select', 'insert', 'delete']) p
             where not has_table_privilege(c.oid, p)) as missing
     from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where n.nspname = $1 and c.relname = $2`,
    [schema, table],
  );
  const [found] = tables.rows;
  if (found === undefined) return undefined;
  const checks = await client.query<{ sql: string }>(
    `select 'constraint ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid) as sql
     from pg_catalog.pg_constraint where conrelid = $1 and contype = 'c' order by conname`,
    [found.oid],
  );
  const jobs = marked
    ? await findJobs(client, { schema, table })
    : { createdFor: undefined, publishedBy: [] };
  return {
    oid: found.oid,
    kind: found.kind,
    columns: await columnsOfTable(client, found.oid),
    primaryKey: await keyOfTable(client, found.oid),
    checks: checks.rows.map(({ sql }) => sql),
    // The mark is by name: a table of another shape that took the name since is not ours.
    createdFor: found.kind === 'p' && found.by_date ? jobs.createdFor : undefined,
    publishedBy: jobs.publishedBy,
    missing: found.missing,
    owned: found.owned,
  };
}

/** The columns of a table, in order. */
export async function columnsOfTable(client: pg.Client, oid: number): Promise<readonly ExistingColumn[]> {
  const columns = await client.query<ExistingColumn>(
    `select a.attname as name, coalesce(b.typname, t.typname) as type,
       format_type(a.atttypid, a.atttypmod) as "shownType",
       a.atttypmod <> -1 or t.typtypmod <> -1 as limited,
       a.attnotnull as "notNull",
       a.atthasdef or a.attidentity <> '' as filled
     from pg_catalog.pg_attribute a
     join pg_catalog.pg_type t on t.oid = a.atttypid
     left join pg_catalog.pg_type b on b.oid = nullif(t.typbasetype, 0)
     where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped
     order by a.attnum`,
    [oid],
  );
  return columns.rows;
}

/** The columns of a table's primary key; none where it has none. */
export async function keyOfTable(client: pg.Client, oid: number): Promise<readonly string[]> {
  const keys = await client.query<{ name: string }>(
    `select a.attname as name from pg_catalog.pg_index i
     join pg_catalog.pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
     where i.indrelid = $1 and i.indisprimary order by a.attnum`,
    [oid],
  );
  return keys.rows.map(({ name }) => name);
}

async function findJobs(
  client: pg.Client,
  name: QualifiedName,
): Promise<{ readonly createdFor: string | undefined; readonly publishedBy: readonly string[] }> {
  const { rows } = await client.query<{ created_for: string | null; published_by: string[] }>(
    `select (select job from predawn.tables where schema_name = $1 and table_name = $2) as created_for,
       array(select distinct s.job from predawn.slices s join predawn.attempts a using (attempt_id)
             where a.target_table = $3) as published_by`,
    [name.schema, name.table, sqlName(name)],
  );
  return { createdFor: rows[0]?.created_for ?? undefined, publishedBy: rows[0]?.published_by ?? [] };
}

/** The partition with a date's rows. */
export interface Partition {
  /** Quoted for SQL. */
  readonly name: string;
  /** Whether this role may change how it is stored. */
  readonly owned: boolean;
  /** Whether a page has room for a second version of each of its rows. */
  readonly roomy: boolean;
}

/** The date's own partition (or one that it shares and that names it). */
export async function findPartition(
  client: pg.Client,
  parent: number,
  asOf: string,
): Promise<Partition | undefined> {
  const { rows } = await client.query<Partition>(
    `select format('%I.%I', n.nspname, c.relname) as name,
       c.relkind = 'r' and pg_has_role(c.relowner, 'usage') as owned,
       exists (select from pg_options_to_table(c.reloptions)
               where option_name = 'fillfactor' and option_value::integer <= ${ROOMY_FILLFACTOR}) as roomy
     from pg_catalog.pg_inherits i
     join pg_catalog.pg_class c on c.oid = i.inhrelid
     join pg_catalog.pg_namespace n on n.oid = c.relnamespace
     where i.inhparent = $1 and position(quote_literal($2::text) in pg_get_expr(c.relpartbound, c.oid)) > 0`,
    [parent, asOf],
  );
  return rows[0];
}
