import { PredawnError } from '../domain/errors.js';
import { quoteIdentifier } from './connection.js';

/** A table with its schema. Names are as the catalog has them: no quotes, nothing folded. */
export interface QualifiedName {
  readonly schema: string;
  readonly table: string;
}

/** PostgreSQL cuts longer names off silently; we refuse them. */
const NAME_BYTES = 63;

/**
 * Reads `output.table`: `table`, `schema.table`, or with parts in double quotes where a part has a dot itself.
 * Upper case is kept, as if it were quoted. Throws kind `configuration`, code `table.name`.
 */
export function parseTableName(text: string): {
  readonly schema: string | undefined;
  readonly table: string;
} {
  const parts = /^(?:(?:"((?:[^"]|"")+)"|([^".]+))\.)?(?:"((?:[^"]|"")+)"|([^".]+))$/.exec(text);
  // What is neither one bare or quoted name nor two of them is one name as it stands.
  const [, quotedSchema, bareSchema, quotedTable, bareTable] = parts ?? [];
  const unquote = (quoted: string | undefined, bare: string | undefined) =>
    quoted?.replaceAll('""', '"') ?? bare;
  const schema = unquote(quotedSchema, bareSchema);
  const table = unquote(quotedTable, bareTable) ?? text;
  for (const name of schema === undefined ? [table] : [schema, table]) requireName(name, 'table');
  return { schema, table };
}

/** Throws kind `configuration`, code `<what>.name`, for a name that PostgreSQL would cut off or can't hold. */
export function requireName(name: string, what: 'table' | 'column'): void {
  const problem = nameProblem(name, what);
  if (problem !== undefined) throw problem;
}

export function nameProblem(name: string, what: 'table' | 'column'): PredawnError | undefined {
  const bytes = Buffer.byteLength(name);
  const wrong =
    bytes === 0
      ? 'is empty'
      : bytes > NAME_BYTES
        ? `is ${bytes} bytes long; PostgreSQL keeps ${NAME_BYTES}`
        : name.includes('\0')
          ? 'has a NUL byte'
          : undefined;
  if (wrong === undefined) return undefined;
  return new PredawnError(
    'configuration',
    `${what}.name`,
    `The ${what} name ${JSON.stringify(name)} ${wrong}.`,
    {
      hint: `Choose another name under output: in the job file.`,
    },
  );
}

/** The name, quoted for SQL. */
export function sqlName({ schema, table }: QualifiedName): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}

/** What a job file calls a table, quoted for SQL as far as a person needs it. */
export function writtenName(text: string): string {
  const { schema, table } = parseTableName(text);
  const parts = schema === undefined ? [table] : [schema, table];
  return parts.map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : quoteIdentifier(part))).join('.');
}

/**
 * The name of a table with one attempt's rows, in the target's schema: `<table>_p20261121_<hex>` as staged (and
 * later a partition), `<table>_r20261121_<hex>` where the rows were copied out for restore, `<table>_s20261121_<hex>` for
 * the committed shards of an attempt.
 */
export function rowsTableName(
  target: QualifiedName,
  made: keyof typeof MADE,
  asOf: string,
  attemptId: string,
): QualifiedName {
  // The last digits of a UUIDv7 are the random ones.
  const suffix = `_${MADE[made]}${asOf.replaceAll('-', '')}_${attemptId.slice(-12)}`;
  return { schema: target.schema, table: cut(target.table, NAME_BYTES - suffix.length) + suffix };
}

const MADE = { staged: 'p', retained: 'r', shards: 's' } as const;

function cut(name: string, bytes: number): string {
  let kept = '';
  for (const character of name) {
    if (Buffer.byteLength(kept + character) > bytes) break;
    kept += character;
  }
  return kept;
}
