import type pg from 'pg';
import { PredawnError } from '../domain/errors.js';
import type { SourceDescription } from '../domain/source.js';
import { feedsOf, keyTypeOf, TEXT_OID } from './types.js';

/** The line that `describeQuery` puts before a query, so that the server's positions in it can be translated. */
export const WRAPPER_LINE = 'select * from (\n';

/**
 * The columns that a query gives, without reading a row. The extended protocol takes one statement only, so the server
 * itself refuses a second one here, before the query is placed into COPY.
 *
 * @throws PredawnError kind `configuration`, code `query.columns`, for columns that cannot be told apart
 */
export async function describeQuery(client: pg.Client, query: string): Promise<SourceDescription> {
  // The types of pg do not know `queryMode`.
  const describing: pg.QueryConfig & { queryMode: 'extended' } = {
    text: `${WRAPPER_LINE}${query}
) as q limit 0`,
    queryMode: 'extended',
  };
  const { fields } = await client.query(describing);
  checkNames(fields.map((field) => field.name));
  const { rows } = await client.query<{ name: string; enumeration: boolean }>(
    `select format_type(c.type, c.modifier) as name, t.typtype = 'e' as enumeration
     from unnest($1::oid[], $2::int[]) with ordinality as c(type, modifier, position)
     join pg_catalog.pg_type t on t.oid = c.type
     order by c.position`,
    [fields.map((field) => field.dataTypeID), fields.map((field) => field.dataTypeModifier)],
  );
  // An enum is sent as its label: read it as text.
  const types = fields.map((field, index) => (rows[index]!.enumeration ? TEXT_OID : field.dataTypeID));
  return {
    columns: fields.map(({ name }, index) => ({
      name,
      typeName: rows[index]!.name,
      feeds: feedsOf(types[index]!),
      keyType: keyTypeOf(types[index]!),
    })),
    decoder: { kind: 'postgres', types },
  };
}

/** Bytes of its rows, as the server's planner guesses them. */
export async function estimateBytes(client: pg.Client, query: string): Promise<number> {
  const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: Record<string, number> }] }>(
    `explain (format json)\n${query}`,
  );
  const { Plan } = rows[0]!['QUERY PLAN'][0];
  return Plan['Plan Rows']! * Plan['Plan Width']!;
}

function checkNames(names: readonly string[]): void {
  if (names.length === 0) {
    throw new PredawnError('configuration', 'query.columns', 'The input query gives no columns', {
      hint: 'Name the key and the features after SELECT.',
    });
  }
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  if (repeated.size > 0) {
    throw new PredawnError(
      'configuration',
      'query.columns',
      `The input query gives more than one column ${[...repeated].join(', ')}`,
      {
        hint: 'Name each column once: list the columns in place of *, or rename one with AS.',
      },
    );
  }
}
