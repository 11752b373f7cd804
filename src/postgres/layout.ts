import type { KeyType, OutputType } from '../domain/columns.js';
import { PredawnError } from '../domain/errors.js';
import type { TargetTable } from '../domain/publication.js';
import { quoteIdentifier } from './connection.js';
import { nameProblem } from './names.js';

/** A column of a predictions table. Type names are those of pg_type. */
export interface LayoutColumn {
  readonly name: string;
  readonly type: KeyType | OutputType | 'date' | 'text' | 'uuid' | 'timestamptz';
  readonly role: 'as_of' | 'key' | 'output' | 'artefact' | 'attempt_id' | 'scored_at';
  readonly notNull: boolean;
  readonly comment: string;
}

/** All columns of a predictions table in order: as_of, keys, outputs, artefact, attempt_id, scored_at. */
export function layoutOf(target: TargetTable): readonly LayoutColumn[] {
  return [
    {
      name: 'as_of',
      type: 'date',
      role: 'as_of',
      notNull: true,
      comment: 'Data date: the day that the scored input describes.',
    },
    ...target.keys.map(({ name, type }) => ({
      name,
      type,
      role: 'key' as const,
      notNull: true,
      comment: 'Key of the input row.',
    })),
    ...target.outputs.map(({ name, type, description }) => ({
      name,
      type,
      role: 'output' as const,
      notNull: false,
      comment: description,
    })),
    {
      name: 'artefact',
      type: 'text',
      role: 'artefact',
      notNull: true,
      comment: 'Model that computed the row, as name@version.',
    },
    {
      name: 'attempt_id',
      type: 'uuid',
      role: 'attempt_id',
      notNull: true,
      comment: 'Attempt that last changed the row; see predawn.runs.',
    },
    {
      name: 'scored_at',
      type: 'timestamptz',
      role: 'scored_at',
      notNull: true,
      comment: 'When that attempt began.',
    },
  ];
}

/** What is wrong with the names themselves: too long, or taken twice. All of kind `configuration`. */
export function layoutProblems(target: TargetTable): readonly PredawnError[] {
  const names = layoutOf(target).map(({ name }) => name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [
    ...[...new Set(names)].flatMap((name) => nameProblem(name, 'column') ?? []),
    ...[...twice].map(
      (name) =>
        new PredawnError(
          'configuration',
          'column.twice',
          `The column ${name} would be in ${target.table} twice.`,
          {
            hint: 'Give the output another name under output.columns in the job file; as_of, artefact, attempt_id and scored_at are always there.',
          },
        ),
    ),
  ];
}

/** The layout as a table that is there has it: its order of columns, and its NOT NULLs. */
export function layoutLike(
  layout: readonly LayoutColumn[],
  existing: readonly { readonly name: string; readonly notNull: boolean }[],
): readonly LayoutColumn[] {
  return existing.flatMap(({ name, notNull }) => {
    const column = layout.find((candidate) => candidate.name === name);
    return column === undefined ? [] : [{ ...column, notNull }];
  });
}

/** `"a", "b"`, each with `prefix` before it. */
export function columnList(columns: readonly { readonly name: string }[], prefix = ''): string {
  return columns.map(({ name }) => prefix + quoteIdentifier(name)).join(', ');
}

export function columnsOf(
  layout: readonly LayoutColumn[],
  ...roles: readonly LayoutColumn['role'][]
): readonly LayoutColumn[] {
  return layout.filter(({ role }) => roles.includes(role));
}
