import type pg from 'pg';
import { combine } from '../domain/errors.js';
import type { Attempt, PublishedSlice } from '../domain/publication.js';
import { readSlice } from './attempts.js';
import { targetProblems } from './compatibility.js';
import { type ExistingTable, findPartition, inspect } from './inspect.js';
import { layoutLike, layoutOf, type LayoutColumn } from './layout.js';
import { countRows } from './count-rows.js';
import { type QualifiedName, sqlName } from './names.js';

/** The table that an attempt stages for. */
export interface FoundTarget {
  readonly target: QualifiedName;
  /** Columns and CHECK constraints of a table to stage into: the target's, if it is ours and there. */
  readonly layout: readonly LayoutColumn[];
  readonly checks: readonly string[];
  readonly existing: ExistingTable | undefined;
}

/** With what its slice holds. */
export interface OpenedTarget extends FoundTarget {
  readonly current: PublishedSlice | undefined;
}

/**
 * Looks at the target and at what its slice holds; changes nothing. `ledger`: whether predawn's schema is there.
 * Throws kind `configuration` where the attempt could not publish to it.
 */
export async function openTarget(
  session: pg.Client,
  location: string,
  attempt: Attempt,
  ledger: boolean,
): Promise<OpenedTarget> {
  const found = await findTarget(session, location, attempt, ledger);
  return { ...found, current: ledger ? await currentSlice(session, attempt, found) : undefined };
}

/** As `openTarget`, without what the slice holds. */
export async function findTarget(
  session: pg.Client,
  location: string,
  attempt: Attempt,
  ledger: boolean,
): Promise<FoundTarget> {
  const inspection = await inspect(session, attempt.target.table, ledger);
  const { name, existing } = inspection;
  const problems = targetProblems(attempt.target, inspection);
  if (problems.length > 0) {
    throw combine(problems, `${attempt.job} can't publish to ${sqlName(name)} in ${location}.`);
  }
  const layout = layoutOf(attempt.target);
  return existing?.createdFor === undefined
    ? { target: name, layout, checks: [], existing }
    : { target: name, layout: layoutLike(layout, existing.columns), checks: existing.checks, existing };
}

/** What the slice holds; nothing where someone removed its table, its partition or rows, or added some. */
export async function currentSlice(
  session: pg.Client,
  { job, asOf, target: { table } }: Attempt,
  { target, existing }: FoundTarget,
): Promise<PublishedSlice | undefined> {
  const slice = await readSlice(session, job, asOf, sqlName(target));
  if (slice === undefined) return undefined;
  // Another run may have created it since.
  const there = existing ?? (await inspect(session, table, true)).existing;
  if (there === undefined) return undefined;
  if (there.createdFor !== undefined && (await findPartition(session, there.oid, asOf)) === undefined)
    return undefined;
  return (await countRows(session, target, asOf)) === slice.receipt.output.rows ? slice : undefined;
}
