import { PredawnError } from '../domain/errors.js';
import type { TargetTable } from '../domain/publication.js';
import { quoteIdentifier } from './connection.js';
import type { ExistingColumn, ExistingTable, Inspection } from './inspect.js';
import { layoutOf, layoutProblems, type LayoutColumn } from './layout.js';
import { sqlName } from './names.js';

/** Column types of a table not ours that hold every value of a type of ours unchanged, or refuse it loudly. */
const HOLDS: Readonly<Record<string, readonly string[]>> = {
  float4: ['float4', 'float8'],
  float8: ['float8'],
  int2: ['int2', 'int4', 'int8', 'numeric'],
  int4: ['int4', 'int8', 'numeric'],
  int8: ['int8', 'numeric'],
  text: ['text', 'varchar', 'citext'],
};

/** Columns that a table not ours may lack. */
const OPTIONAL: readonly LayoutColumn['role'][] = ['artefact', 'attempt_id', 'scored_at'];

/** Everything that stops publishing to what `inspect` found: of kind `configuration`, one for each thing to mend. */
export function targetProblems(target: TargetTable, inspection: Inspection): readonly PredawnError[] {
  const { existing } = inspection;
  return [
    ...layoutProblems(target),
    ...schemaProblems(inspection),
    ...(existing === undefined
      ? []
      : existing.createdFor === undefined
        ? foreignProblems(target, inspection, existing)
        : ourProblems(target, inspection, existing)),
  ];
}

function schemaProblems({ name, schema }: Inspection): PredawnError[] {
  const quoted = quoteIdentifier(name.schema);
  if (schema === 'open') return [];
  return schema === 'absent'
    ? [problem('schema.absent', `There is no schema ${quoted}.`, `Create it: create schema ${quoted};`)]
    : [
        problem(
          'schema.permission',
          `This role may not create tables in the schema ${quoted}.`,
          `Have its owner run: grant usage, create on schema ${quoted} to <the role in the URL>;`,
        ),
      ];
}

function ourProblems(target: TargetTable, { name }: Inspection, existing: ExistingTable): PredawnError[] {
  const table = sqlName(name);
  const there = new Map(existing.columns.map((column) => [column.name, column]));
  const layout = layoutOf(target);
  const wanted = new Set(layout.map((column) => column.name));
  const key = ['as_of', ...target.keys.map((column) => column.name)];
  return [
    ...otherJobs(table, target, [existing.createdFor ?? target.job]),
    ...(existing.owned ? [] : [ownerProblem(table)]),
    ...layout.flatMap((column) => {
      const found = there.get(column.name);
      if (found === undefined) return [absentColumn(table, column)];
      return found.type === column.type && !found.limited ? [] : [otherType(table, column, found)];
    }),
    ...existing.columns
      .filter((column) => !wanted.has(column.name))
      .map((column) =>
        problem(
          'table.column_extra',
          `${table} has a column ${column.name} (${column.shownType}) that ${target.job} does not publish.`,
          `Publish to another output.table, or: alter table ${table} drop column ${quoteIdentifier(column.name)};`,
        ),
      ),
    ...(sameNames(existing.primaryKey, key)
      ? []
      : [
          problem(
            'table.key',
            `The primary key of ${table} is (${existing.primaryKey.join(', ')}), that of ${target.job} would be (${key.join(', ')}).`,
            'Publish to another output.table, or correct key: in the job file.',
          ),
        ]),
  ];
}

function foreignProblems(target: TargetTable, { name }: Inspection, existing: ExistingTable): PredawnError[] {
  const table = sqlName(name);
  if (existing.kind !== 'r' && existing.kind !== 'p') {
    return [
      problem(
        'table.kind',
        `${table} is not a table, so nothing can be published to it.`,
        'Give the job another output.table.',
      ),
    ];
  }
  const there = new Map(existing.columns.map((column) => [column.name, column]));
  const layout = layoutOf(target);
  const written = new Set(layout.map((column) => column.name));
  return [
    ...otherJobs(table, target, existing.publishedBy),
    ...(existing.missing.length === 0 ? [] : [rightsProblem(table, existing.missing)]),
    ...layout.flatMap((column) => {
      const found = there.get(column.name);
      if (found === undefined) return OPTIONAL.includes(column.role) ? [] : [absentColumn(table, column)];
      return holds(column, found) ? [] : [otherType(table, column, found)];
    }),
    ...existing.columns
      .filter((column) => column.notNull && !column.filled && !written.has(column.name))
      .map((column) =>
        problem(
          'table.column_required',
          `${table} needs a value for its column ${column.name}, which ${target.job} does not publish.`,
          `Publish it, or: alter table ${table} alter column ${quoteIdentifier(column.name)} drop not null;`,
        ),
      ),
  ];
}

function holds(column: LayoutColumn, found: ExistingColumn): boolean {
  const types = HOLDS[column.type] ?? [column.type];
  // varchar(n) refuses what is too long; numeric(p,s) would round.
  return types.includes(found.type) && (found.type !== 'numeric' || !found.limited);
}

/** Two jobs in one table would replace each other's dates. */
function otherJobs(table: string, target: TargetTable, jobs: readonly string[]): PredawnError[] {
  return jobs
    .filter((job) => job !== target.job)
    .map((job) =>
      problem(
        'table.other_job',
        `${table} holds the predictions of the job ${job}, not of ${target.job}.`,
        'Give this job an output.table of its own.',
      ),
    );
}

function absentColumn(table: string, column: LayoutColumn): PredawnError {
  return problem(
    'table.column_absent',
    `${table} has no column ${column.name} (${column.type}).`,
    column.role === 'key' || column.role === 'as_of'
      ? 'Publish to another output.table.'
      : `Run: alter table ${table} add column ${quoteIdentifier(column.name)} ${column.type};`,
  );
}

function otherType(table: string, column: LayoutColumn, found: ExistingColumn): PredawnError {
  return problem(
    'table.column_type',
    `${table} has the column ${column.name} as ${found.shownType}, but it would be published as ${column.type}.`,
    `Publish to another output.table, or: alter table ${table} alter column ${quoteIdentifier(column.name)} type ${column.type};`,
  );
}

function ownerProblem(table: string): PredawnError {
  return problem(
    'table.owner',
    `This role does not own ${table}, so it may not add a day's partition.`,
    `Have a DBA run: alter table ${table} owner to <the role in the URL>;`,
  );
}

function rightsProblem(table: string, missing: readonly string[]): PredawnError {
  return problem(
    'table.permission',
    `This role may not ${missing.join(', ')} on ${table}.`,
    `Have its owner run: grant select, insert, delete on ${table} to <the role in the URL>;`,
  );
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

function problem(code: string, message: string, hint: string): PredawnError {
  return new PredawnError('configuration', code, message, { hint });
}
