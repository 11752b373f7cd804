import type { Attempt } from '../domain/publication.js';
import { quoteIdentifier, quoteLiteral } from './connection.js';
import { columnList, columnsOf, type LayoutColumn } from './layout.js';
import { type QualifiedName, sqlName } from './names.js';

/** What all rows of an attempt have in common: the defaults of their table, so that COPY need not repeat them. */
export interface RowConstants {
  readonly asOf: string;
  readonly artefact: string;
  readonly attemptId: string;
  /** ISO 8601, UTC. */
  readonly scoredAt: string;
}

export function constantsOf({ id, asOf, artefact, startedAt }: Attempt): RowConstants {
  return { asOf, artefact, attemptId: id, scoredAt: startedAt };
}

/**
 * SQL that creates a table for one attempt's rows, in such a shape that it can be attached to the target without a
 * scan: without an index, logged, with a CHECK on the date beside the target's own `checks`. It must not name the
 * target (LIKE would): the lock would last as long as the scoring.
 */
export function createRowsTable(
  name: QualifiedName,
  layout: readonly LayoutColumn[],
  checks: readonly string[],
  constants: RowConstants,
): string {
  const defaults: Partial<Record<LayoutColumn['role'], string>> = {
    as_of: constants.asOf,
    artefact: constants.artefact,
    attempt_id: constants.attemptId,
    scored_at: constants.scoredAt,
  };
  const columns = layout.map((column) => {
    const value = defaults[column.role];
    return columnDefinition(column) + (value === undefined ? '' : ` default ${quoteLiteral(value)}`);
  });
  const date = `check (as_of = date ${quoteLiteral(constants.asOf)})`;
  return `create table ${sqlName(name)} (${[...columns, date, ...checks].join(', ')})`;
}

/** SQL that gives a table of rows the key that its parent has. */
export function addKey(name: QualifiedName, layout: readonly LayoutColumn[]): string {
  return `alter table ${sqlName(name)} add primary key (${columnList(columnsOf(layout, 'as_of', 'key'))})`;
}

/** SQL that creates the predictions table itself, empty, with its comments. */
export function createTarget(
  name: QualifiedName,
  layout: readonly LayoutColumn[],
  description: string,
): string {
  const table = sqlName(name);
  return [
    `create table ${table} (${layout.map(columnDefinition).join(', ')}, ` +
      `primary key (${columnList(columnsOf(layout, 'as_of', 'key'))})) partition by list (as_of)`,
    `comment on table ${table} is ${quoteLiteral(description)}`,
    ...layout.map(
      (column) =>
        `comment on column ${table}.${quoteIdentifier(column.name)} is ${quoteLiteral(column.comment)}`,
    ),
  ].join('; ');
}

function columnDefinition({ name, type, notNull }: LayoutColumn): string {
  return `${quoteIdentifier(name)} ${type}${notNull ? ' not null' : ''}`;
}
