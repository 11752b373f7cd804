import type { Job, MissingRule } from '../../src/domain/job.js';
import { type ReferenceMeta, referenceFolder, referenceRows } from '../helpers/onnx-reference.js';
import type { TestDatabase } from '../helpers/postgres.js';

/** The job that a data scientist would write for a reference model, by what its meta.json says. */
export function referenceJob(model: string, meta: ReferenceMeta): Job {
  const floats = meta.inputs.filter(({ type }) => type.startsWith('float')).flatMap(({ columns }) => columns);
  const nan = (tokens: readonly string[]): MissingRule => ({ tokens, then: 'nan' });
  return {
    name: model,
    path: `jobs/${model}.yaml`,
    digest: 'sha256:0',
    model,
    schedule: undefined,
    timezone: 'UTC',
    input: {
      csv: {
        path: `${referenceFolder!}/${model}/input.csv`,
        delimiter: meta.csv.delimiter,
        quote: '"',
        encoding: 'utf-8',
        header: undefined,
        finalNewline: 'optional',
      },
      query: `select * from reference order by ordinal`,
    },
    key: [meta.csv.id_column],
    features: Object.fromEntries(
      meta.inputs.map(({ name, columns }) => [name, columns.length === 1 ? columns[0]! : columns]),
    ),
    missing: Object.fromEntries(
      Object.entries(meta.csv.missing_tokens)
        .filter(([column]) => floats.includes(column))
        .map(([column, tokens]) => [column, nan(tokens)]),
    ),
    output: { table: model, format: 'parquet', columns: undefined },
    limits: { rejects: { count: 0 }, inexactIntegers: { count: 0 }, minRows: 1 },
  };
}

/** The rows of a reference model's input.csv as a table `reference`, with the types a team would give them. */
export async function loadReferenceTable(
  database: TestDatabase,
  model: string,
  meta: ReferenceMeta,
): Promise<void> {
  const rows = referenceRows(model, 'input.csv');
  const strings = new Set(
    meta.inputs.filter(({ type }) => type === 'string').flatMap(({ columns }) => columns),
  );
  const columns = Object.keys(rows[0]!).map((name) => {
    const tokens = strings.has(name) ? [] : (meta.csv.missing_tokens[name] ?? []);
    const texts = rows.map((row) => row[name]!);
    const values = texts.map((text) => (tokens.includes(text) ? null : text));
    return { name, values, type: strings.has(name) ? 'text' : columnType(values) };
  });
  const quoted = columns.map(({ name, type }) => `"${name}" ${type}`).join(', ');
  await database.client.query(`create table reference (ordinal integer, ${quoted})`);
  await database.client.query({
    text: `insert into reference select * from unnest($1::integer[], ${columns
      .map(({ type }, index) => `$${index + 2}::${type}[]`)
      .join(', ')})`,
    values: [rows.map((_, index) => index), ...columns.map(({ values }) => values)],
  });
}

function columnType(values: readonly (string | null)[]): string {
  const present = values.filter((value) => value !== null);
  if (present.every((value) => /^-?\d{1,9}$/.test(value))) return 'integer';
  return present.every((value) => value !== '' && Number.isFinite(Number(value)))
    ? 'double precision'
    : 'text';
}
